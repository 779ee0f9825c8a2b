// A real EVM node for tests: `node launch.mjs ANVIL [OPTIONS]`, where ANVIL is the node's program.
//
// Prints `ready http://127.0.0.1:PORT` once the node answers, and stops it when standard input closes, so that no node
// outlives the test that started it, however that ends.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const [anvil, ...options] = process.argv.slice(2)
if (!anvil) {
  console.error('usage: node launch.mjs ANVIL [OPTIONS]')
  process.exit(2)
}

const node = spawn(anvil, options, { stdio: ['ignore', 'pipe', 'inherit'] })
node.on('error', (error) => {
  console.error(`cannot start ${anvil}: ${error.message}`)
  process.exit(1)
})
node.on('exit', (code) => process.exit(code ?? 0))

const stop = () => node.kill('SIGKILL')
process.stdin.on('end', stop).on('error', stop).resume()

// The node writes a line for each call: they have to be read, or it would stop at a full pipe.
for await (const line of createInterface({ input: node.stdout })) {
  const listening = line.match(/^Listening on (\S+)/)
  if (listening) console.log(`ready http://${listening[1]}`)
}
