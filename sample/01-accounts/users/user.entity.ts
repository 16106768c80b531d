import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('sample_user')
export class User {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** As it was typed. */
  @Column({ type: 'text' })
  name!: string;

  /** As it is compared: "ADA" and "ada" are the same name. */
  @Column({ name: 'name_key', type: 'text', unique: true })
  nameKey!: string;

  /** The result of `hashPassword()`. */
  @Column({ type: 'text' })
  password!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
