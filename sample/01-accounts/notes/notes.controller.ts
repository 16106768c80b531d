import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Header, Param, Post, Redirect, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { Flash, RequireSession, Session, SessionGuard } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { noteProblem } from './note.js';
import { notesPage } from './notes.page.js';

/** For members: the guard lets nobody pass whose session has no `userId`. */
@Controller('notes')
@UseGuards(SessionGuard)
@RequireSession('userId')
export class NotesController {
  @Get()
  @Header('Cache-Control', 'no-store')
  show(@Session() session: Session, @Flash('notice') notices: string[]): string {
    return notesPage(session, { notices });
  }

  @Post()
  async add(@Session() session: Session, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const text = fieldOf(body, 'text').trim();
    const error = noteProblem(text, session.notes ?? []);
    if (error !== undefined) {
      response.status(422).send(notesPage(session, { text, error }));
      return;
    }
    const note = { id: randomUUID(), text, writtenAt: new Date().toISOString() };
    session.flash('notice', 'Your note is kept.');
    await session.update((current) => {
      current.notes = [note, ...(current.notes ?? [])];
    });
    response.redirect(303, '/notes');
  }

  @Post(':id/remove')
  @Redirect('/notes', 303)
  async remove(@Session() session: Session, @Param('id') id: string): Promise<void> {
    session.flash('notice', 'Your note is removed.');
    await session.update((current) => {
      current.notes = (current.notes ?? []).filter((note) => note.id !== id);
    });
  }
}
