// An MCP client as the SDK makes it, which is told nothing but a URL: client.mjs
// URL NAME PASSWORD SECONDS. Instead of a browser it opens person.mjs. It calls a
// tool, waits until its token is over, and calls it again. Each request that it
// sends is a line of its output.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Person } from './person.mjs'

const [url, name, password, seconds] = process.argv.slice(2)
const person = new Person(name, password)

// What the SDK wants to be kept. A program of yours keeps it in a file.
class Memory {
  redirectUrl = 'http://127.0.0.1:1/callback'
  clientMetadata = {
    client_name: 'Notes on the desk',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  #kept = {}
  clientInformation() { return this.#kept.client }
  saveClientInformation(client) { this.#kept.client = client }
  tokens() { return this.#kept.tokens }
  saveTokens(tokens) { this.#kept.tokens = tokens }
  codeVerifier() { return this.#kept.verifier }
  saveCodeVerifier(verifier) { this.#kept.verifier = verifier }
  redirectToAuthorization(address) { this.address = address } // where a browser is opened
}

const memory = new Memory()
async function telling(input, init) {
  const answer = await fetch(input, init)
  const grant = init?.body instanceof URLSearchParams ? init.body.get('grant_type') : ''
  console.log('sent', init?.method ?? 'GET', new URL(input).pathname, ...(grant ? [grant] : []), answer.status)
  return answer
}
const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: memory, fetch: telling })
const says = async (client) => (await client.callTool({ name: 'whoami' })).content[0].text

let client = new Client({ name: 'desk', version: '1.0.0' })
const first = transport()
try {
  await client.connect(first)
  throw new Error('nobody asked who is there')
} catch (err) {
  if (!(err instanceof UnauthorizedError)) throw err
}
const back = await person.goes(memory.address)
if (!(back instanceof URL)) throw new Error(`nobody was sent back:\n${back}`)
console.log('login', back.searchParams.get('iss'))
await first.finishAuth(back.searchParams.get('code'))

client = new Client({ name: 'desk', version: '1.0.0' })
await client.connect(transport())
console.log('tool', await says(client))
await new Promise((next) => setTimeout(next, (Number(seconds) + 1) * 1000))
console.log('again', await says(client))
await client.close()
