import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUserTable implements MigrationInterface {
  readonly name = 'CreateUserTable1763800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE sample_user (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        name_key text NOT NULL CONSTRAINT sample_user_name_key UNIQUE,
        password text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE sample_user');
  }
}
