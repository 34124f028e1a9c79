// An MCP server that knows nothing of tokens: server.mjs [PORT]. Whoever gets here
// was let in by the gate, which says who it is.
import http from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

function notes(person) {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says whose notes these are' }, async () => ({
    content: [{ type: 'text', text: `These are the notes of ${person}.` }],
  }))
  return server
}

const listener = http.createServer(async (request, response) => {
  // One server for each request: nothing is kept between them.
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  const server = notes(request.headers['gate401-subject'] ?? 'nobody')
  response.on('close', () => Promise.all([transport.close(), server.close()]))
  await server.connect(transport)
  await transport.handleRequest(request, response)
})
listener.listen(Number(process.argv[2] ?? 3000), '127.0.0.1', () => console.log(`listening 127.0.0.1:${listener.address().port}`))
