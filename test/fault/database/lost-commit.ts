// A COMMIT whose answer never comes: the server has it under way when the connection ends.

import type { OpenDatabase } from '../../../src/database/index.ts'

export interface HeldCommits {
  /** Waits for a COMMIT to be under way, and ends its connection. */
  lose(): Promise<void>
  /** Lets every COMMIT pass again. */
  release(): void
}

/** From here on a transaction that inserts into the table `entry` stops in its COMMIT. */
export async function holdCommits(database: OpenDatabase): Promise<HeldCommits> {
  // A deferred trigger runs within COMMIT and waits there for as long as the lock is held.
  await database.pool.query(`
    create function wait_for_lock() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(7); return null; end $$;
    create constraint trigger waiting after insert on entry deferrable initially deferred
      for each row execute function wait_for_lock()`)
  const holder = await database.pool.connect()
  await holder.query('select pg_advisory_lock(7)')
  return {
    async lose() {
      let committing: { pid: number }[] = []
      while (committing.length === 0)
        committing = await database.sql<{
          pid: number
        }>`select pid from pg_stat_activity where query = 'commit' and wait_event = 'advisory'`
      process.kill(committing[0]!.pid, 'SIGTERM')
    },
    release: () => holder.release(true),
  }
}
