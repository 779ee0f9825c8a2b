// Compiles the test contracts: `node compile.mjs` reads lore-story/tests/contracts/*.sol and writes build/NAME.json for
// each contract, with its abi, its creation and runtime code, and the source that it was made of, so that a test can
// tell that a contract was changed and not compiled again.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import solc from 'solc'

const contracts = new URL('../../lore-story/tests/contracts/', import.meta.url)
const build = new URL('build/', import.meta.url)

const sources = {}
for (const file of readdirSync(contracts).filter((file) => file.endsWith('.sol')).sort()) {
  sources[file] = { content: readFileSync(new URL(file, contracts), 'utf8') }
}

const input = {
  language: 'Solidity',
  sources,
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    // The code is the same wherever it is compiled.
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
  },
}
const output = JSON.parse(solc.compile(JSON.stringify(input)))

// Warnings too: nobody reads them in a log of CI.
const problems = output.errors ?? []
for (const { formattedMessage } of problems) console.error(formattedMessage)
if (problems.length > 0) process.exit(1)

rmSync(build, { recursive: true, force: true })
mkdirSync(build)
let count = 0
for (const [file, found] of Object.entries(output.contracts)) {
  for (const [name, { abi, evm }] of Object.entries(found)) {
    // Interfaces have no code.
    if (evm.bytecode.object === '') continue
    const artifact = {
      name,
      file,
      abi,
      bytecode: `0x${evm.bytecode.object}`,
      runtime: `0x${evm.deployedBytecode.object}`,
      source: sources[file].content,
    }
    writeFileSync(new URL(`${name}.json`, build), JSON.stringify(artifact))
    count += 1
  }
}
console.log(`compiled ${count} contracts with solc ${solc.version()}`)
