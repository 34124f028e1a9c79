// Two clients that find out where tokens for an API come from: protected.mjs
// URL. Prints what each found after the 401 of the URL, as one JSON object.
import { discoverAuthorizationServerMetadata, discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js'
import * as oauth from 'oauth4webapi'

const url = process.argv[2]
const found = {}

const refused = await fetch(url)
found.status = refused.status
const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(refused)
found.link = resourceMetadataUrl?.href
found.scope = scope

// The SDK of the Model Context Protocol, from the challenge to the server.
const metadata = await discoverOAuthProtectedResourceMetadata(url, { resourceMetadataUrl })
found.resource = metadata.resource
found.servers = metadata.authorization_servers
found.scopes = metadata.scopes_supported
if (metadata.authorization_servers) {
  const server = await discoverAuthorizationServerMetadata(metadata.authorization_servers[0])
  found.token_endpoint = server.token_endpoint
}
// The same without the challenge: it puts the well-known part in by itself.
found.unchallenged = (await discoverOAuthProtectedResourceMetadata(url)).resource

// A client that compares the resource with the URL as section 3.3 says.
const options = { [oauth.allowInsecureRequests]: true }
const answer = await oauth.resourceDiscoveryRequest(new URL(url), options)
found.strict = (await oauth.processResourceDiscoveryResponse(new URL(url), answer)).resource
const linked = await fetch(found.link)
found.strict_linked = (await oauth.processResourceDiscoveryResponse(new URL(url), linked)).resource
console.log(JSON.stringify(found))
