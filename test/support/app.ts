import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Req,
  Res,
  Type,
  UseGuards,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Response } from 'express';
import {
  Flash,
  MemorySessionStore,
  RequireSession,
  Session,
  SessionGuard,
  SessionId,
  SessionModule,
  SessionService,
  type SessionModuleOptions,
} from '../../lib/index.js';
import { SessionEntity, typeOrmStore } from '../../lib/stores/typeorm/index.js';
