// The `pando` command from its sources: `node cli.ts status --data DIR`.

import { main } from '../../../src/cli/main.ts'

await main(process.argv.slice(2))
