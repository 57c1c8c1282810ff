// An application that computes for 20 ms at every request, for tests of scaling by load.

import { defineApp, type AppDefinition } from 'pando'

const WORK_MS = 20

const busy: AppDefinition = defineApp({
  name: 'busy',
  setup: () => ({
    fetch() {
      const endsMs = performance.now() + WORK_MS
      let rounds = 0
      while (performance.now() < endsMs) rounds++
      return new Response(String(rounds))
    },
  }),
})

export default busy
