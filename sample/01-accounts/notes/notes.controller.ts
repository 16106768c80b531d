import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Param, Post, Redirect, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { CsrfToken, Flash, RequireLogin, Session, SessionGuard } from 'nest-session';
import { fieldOf } from '../pages/form-body.js';
import { noteProblem } from './note.js';
import { notesPage } from './notes.page.js';

/** Notes of a user who is signed in. They are in the session, and end with it. */
@Controller('notes')
@UseGuards(SessionGuard)
@RequireLogin()
export class NotesController {
  @Get()
  show(@Session() session: Session, @CsrfToken() csrf: string, @Flash('notice') notices: string[]): string {
    return notesPage({ session, csrf, notices });
  }

  @Post()
  async add(
    @Session() session: Session,
    @CsrfToken() csrf: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const text = fieldOf(body, 'text').trim();
    const error = noteProblem(text, session.notes ?? []);
    if (error !== undefined) {
      response.status(422).send(notesPage({ session, csrf }, { text, error }));
      return;
    }
    const note = { id: randomUUID(), text, writtenAt: new Date().toISOString() };
    session.flash('notice', 'Your note is saved.');
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
