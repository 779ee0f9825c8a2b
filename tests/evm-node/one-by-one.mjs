// Registers one work after the other with viem, the way the official SDK does for each: simulate, send, wait for the
// receipt, next. Prints what it took as one line of JSON.
//
//   node one-by-one.mjs RPC_URL PRIVATE_KEY CONTRACT COUNT
import { createPublicClient, createWalletClient, defineChain, http, keccak256, parseAbi, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const [url, key, contract, count] = process.argv.slice(2)
const abi = parseAbi([
  'function mint(address to, string nftMetadataURI, bytes32 nftMetadataHash, bool allowDuplicates) returns (uint256)',
])

let requests = 0
const counted = http(url, { onFetchRequest: () => { requests += 1 } })
const probe = createPublicClient({ transport: http(url) })
const chain = defineChain({
  id: await probe.getChainId(),
  name: 'bench',
  nativeCurrency: { name: 'DATA', symbol: 'DATA', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
})
const account = privateKeyToAccount(key)
const reader = createPublicClient({ chain, transport: counted, pollingInterval: 100 })
const wallet = createWalletClient({ chain, account, transport: counted })

const start = performance.now()
for (let number = 0; number < Number(count); number += 1) {
  const name = `one-by-one-${number}`
  const args = [account.address, name, keccak256(toHex(name)), false]
  const { request } = await reader.simulateContract({ address: contract, abi, functionName: 'mint', args, account })
  const hash = await wallet.writeContract(request)
  const receipt = await reader.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`${name} reverted`)
}
const seconds = (performance.now() - start) / 1000
console.log(JSON.stringify({ registrations: Number(count), seconds, requests }))
