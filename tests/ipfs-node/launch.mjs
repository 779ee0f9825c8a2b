// A real IPFS node for tests: `node launch.mjs REPOSITORY PORT [--remove]`.
//
// PORT 0 takes a free one. Prints `ready http://127.0.0.1:PORT` once the RPC answers, and stops when standard input
// closes, so that no node outlives the test that started it; with `--remove` its repository does not either. The node is
// offline: it has no peers and looks for none.

import { rmSync } from 'node:fs'
import { createServer } from 'node:net'

// The node's libraries expect a newer runtime than Node 20.
Promise.withResolvers ??= function () {
  const parts = {}
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

const [repository, wantedPort, whatThen] = process.argv.slice(2)
if (!repository || !/^\d+$/.test(wantedPort ?? '') || ![undefined, '--remove'].includes(whatThen)) {
  console.error('usage: node launch.mjs REPOSITORY PORT [--remove]')
  process.exit(2)
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

// Begun before the node is: a parent that dies meanwhile must not leave a process behind.
const stop = () => {
  if (whatThen === '--remove') rmSync(repository, { recursive: true, force: true })
  process.exit(0)
}
process.stdin.on('end', stop).on('error', stop).resume()

const port = Number(wantedPort) || (await freePort())
const { create } = await import('ipfs-core')
const { HttpApi } = await import('ipfs-http-server')

const node = await create({
  repo: repository,
  silent: true,
  offline: true,
  start: false,
  config: {
    Addresses: { API: `/ip4/127.0.0.1/tcp/${port}`, Gateway: '', Swarm: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
  },
})
await new HttpApi(node).start()
console.log(`ready http://127.0.0.1:${port}`)
