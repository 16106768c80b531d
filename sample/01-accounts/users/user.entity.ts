import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('sample_user')
export class User {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** As it was typed. */
  @Column({ type: 'text' })
  name!: string;

  /** As it is compared: "ADA" and "ada" are one. */
  @Column({ name: 'name_key', type: 'text', unique: true })
  nameKey!: string;

  /** What `hashPassword` returned. */
  @Column({ type: 'text' })
  password!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
