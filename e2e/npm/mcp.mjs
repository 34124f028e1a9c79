// The SDK of the Model Context Protocol against a server behind the gate: mcp.mjs
// ADDRESS GATE CLIENTS. It serves at ADDRESS, where the gate forwards to, and calls
// the gate. CLIENTS is JSON. What was learnt is printed as one JSON object.
import http from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryOAuthClientProvider } from '@modelcontextprotocol/sdk/examples/client/simpleOAuthClientProvider.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { Person } from '../../examples/mcp/person.mjs'

const [address, gate, text] = process.argv.slice(2)
const clients = JSON.parse(text)
const learnt = {}

const listener = http.createServer(async (request, response) => {
  if (request.method !== 'POST') return void response.writeHead(405).end()
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('whoami', {}, async () => ({
    content: [{ type: 'text', text: `${request.headers['gate401-subject']} ${request.headers.authorization ?? 'without a token'}` }],
  }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  response.on('close', () => Promise.all([transport.close(), server.close()]))
  await server.connect(transport)
  await transport.handleRequest(request, response)
})
const [host, port] = address.split(':')
await new Promise((listening) => listener.listen(Number(port), host, listening))

const url = new URL('/mcp', gate)
const says = async (client) => (await client.callTool({ name: 'whoami' })).content[0].text
// What was sent to the endpoints of the gate, since it was asked last.
let sent = []
async function telling(input, init) {
  const answer = await fetch(input, init)
  const { pathname } = new URL(input)
  const grant = init?.body instanceof URLSearchParams ? `${init.body.get('grant_type')} ` : ''
  if (pathname !== '/mcp' && !pathname.startsWith('/.well-known/')) sent.push(`${pathname} ${grant}${answer.status}`)
  return answer
}
const took = () => {
  const all = sent.join(', ')
  sent = []
  return all
}
const connected = async (authProvider) => {
  const client = new Client({ name: 'judge', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider, fetch: telling }))
  return client
}

// A person: registered by the SDK, with the provider that comes with it.
{
  const alice = new Person('alice', clients.password)
  const callback = 'http://127.0.0.1:1/callback'
  let asked
  const provider = new InMemoryOAuthClientProvider(
    callback,
    { client_name: 'Judge', redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_post' },
    (to) => { asked = to },
  )
  const logsIn = async () => {
    const transport = new StreamableHTTPClientTransport(url, { authProvider: provider, fetch: telling })
    const refused = await new Client({ name: 'judge', version: '1.0.0' }).connect(transport).then(() => 'connected', (err) => err.constructor.name)
    const back = await alice.goes(asked)
    if (!(back instanceof URL)) throw new Error(`nobody was sent back:\n${back}`)
    await transport.finishAuth(back.searchParams.get('code'))
    return refused
  }
  learnt.first = await logsIn()
  const client = await connected(provider)
  learnt.whoami = await says(client)
  learnt['first took'] = took()
  learnt.scope = provider.tokens().scope
  const { aud } = JSON.parse(atob(provider.tokens().access_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')))
  learnt.audience = String(aud) === url.href

  // Everything at once after the end of the token: each call renews by itself,
  // with the same refresh token.
  await new Promise((next) => setTimeout(next, (clients.seconds + 1) * 1000))
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => says(client)))
  learnt.parallel = [...new Set(results.map((r) => r.value ?? String(r.reason)))].join('; ')
  const renewals = took().split(', ')
  learnt['parallel took'] = [...new Set(renewals)].join(', ')
  learnt['parallel renewed'] = renewals.length > 1

  // The login is ended: the SDK asks the person again, by the client that it has.
  const { client_id, client_secret } = provider.clientInformation()
  await fetch(new URL('/auth/revoke', gate), { method: 'POST', body: new URLSearchParams({ client_id, client_secret, token: provider.tokens().refresh_token }) })
  learnt.ended = await says(client).then(() => 'alive', (err) => `${err.constructor.name} ${err.errorCode ?? ''}`.trim())
  learnt['ended took'] = took()
  provider.saveTokens(undefined)
  learnt.again = await logsIn()
  learnt['again says'] = await says(await connected(provider))
  learnt['again took'] = took()
}

// Programs that speak for themselves.
for (const [name, provider] of Object.entries({
  secret: new ClientCredentialsProvider({ clientId: 'robot', clientSecret: clients.robot, scope: 'mcp:use' }),
  key: new PrivateKeyJwtProvider({ clientId: 'jwt', privateKey: clients.key, algorithm: 'ES256', scope: 'mcp:use' }),
})) {
  learnt[name] = await connected(provider).then(says, String)
  learnt[`${name} took`] = took()
}
console.log(JSON.stringify(learnt))
process.exit(0)
