import { messages } from '../../errors/messages.js';
import { SessionCapabilityError } from '../../errors/session-capability.error.js';
import { SessionEndedError } from '../../errors/session-ended.error.js';
import { SessionUsageError } from '../../errors/session-usage.error.js';
import type { Acting } from '../record/identity/acting.js';
import type { Identity } from '../record/identity/identity.js';
import { proved } from '../record/identity/levels.js';
import type { RotatedReason } from '../record/session-events.js';
import { actingIn, levelsIn } from '../request/person.js';
import type { SessionRules } from '../request/session-rules.js';
import type { SessionState } from '../request/session-state.js';
import { newId, requireOpenHead } from './new-id.js';
import type { SessionWriter } from './session-writer.js';

type IdentityCall = Extract<RotatedReason, 'stepUp' | 'actAs' | 'stopActing'>;

/** The calls that change the user or the level of a session without a login. */
export class IdentityCalls {
  constructor(
    private readonly settings: SessionRules,
    private readonly writer: SessionWriter,
  ) {}

  /** Raises the level of a session. */
  stepUp(state: SessionState, level: number): Promise<void> {
    return this.#change(state, 'stepUp', () => ({
      levels: proved(levelsIn(state), level, this.settings.now()),
      acting: actingIn(state),
    }));
  }

  /**
   * Lets the owner act for another user.
   *
   * @param assign - Puts the other user's id into the data.
   */
  async actAs(state: SessionState, acting: Omit<Acting, 'own'>, assign: () => void): Promise<void> {
    // An express-session that shares the store would lose the actor and the limit.
    if (this.settings.keepsIds) throw new SessionCapabilityError(messages.actingForgotten);
    return this.#change(state, 'actAs', () => {
      if (actingIn(state) !== undefined) throw new SessionUsageError(messages.actingNested);
      if (state.owner === acting.as) throw new SessionUsageError(messages.actingSelf);
      const own = ownIdIn(state);
      assign();
      return { levels: state.meta.levels, acting: { ...acting, ...(own !== undefined && { own }) } };
    });
  }

  /**
   * Makes the session the actor's again.
   *
   * @param giveBack - Restores the actor's id in the data.
   */
  async stopActing(state: SessionState, giveBack: (acting: Acting) => void): Promise<void> {
    state.requireAttached();
    if (!state.isEnded && actingIn(state) === undefined) return;
    return this.#change(state, 'stopActing', () => {
      const acting = actingIn(state);
      if (acting !== undefined) giveBack(acting);
      return { levels: state.meta.levels };
    });
  }

  /** Writes a session under a new id, and in the next epoch. */
  async #change(state: SessionState, name: IdentityCall, next: () => Identity): Promise<void> {
    state.requireAttached();
    requireOpenHead(state, name);
    if (state.isEnded) throw new SessionEndedError(messages.ended);
    if (state.owner === null) throw new SessionUsageError(messages.nobody(name));
    // The owner must be stored first.
    if (state.owner !== state.base?.userId) await this.writer.write(state);
    if (state.base === undefined) throw new SessionUsageError(messages.notStored(name));
    let identity: Identity = {};
    const { owner } = state;
    const outcome = await this.writer.write(state, {
      renewal: newId(state, name),
      identity: () => identity,
      // Not to stop acting, which needs no proof of the user: a thief could bind a stolen session by it.
      asksForDevice: name !== 'stopActing',
      prepare: () => {
        if (state.owner === null || state.owner !== state.base?.userId)
          throw new SessionUsageError(messages.nobody(name));
        if (state.owner !== owner) throw new SessionEndedError(messages.ended);
        identity = next();
      },
    });
    if (outcome !== 'done') throw new SessionEndedError(messages.ended);
  }
}

/** The data key `userId`. @throws SessionUsageError for a value that could not be restored. */
function ownIdIn({ content }: SessionState): string | number | undefined {
  const own = (content?.data as { userId?: unknown } | undefined)?.userId;
  if (own == null) return undefined;
  if (typeof own === 'string' || typeof own === 'number') return own;
  throw new SessionUsageError(messages.actingOwnId);
}
