// An independent OpenID provider: oidc.mjs ADDRESS [ACCESS-TOKEN-SECONDS].
// Whoever logs in with any name and password is that person. Access tokens for
// the resource http://orders.example are JWTs; refresh tokens rotate. Every answer of the token endpoint is a line of its output.
import http from 'node:http'
import { Provider } from 'oidc-provider'

const [address, seconds = '300'] = process.argv.slice(2)
const issuer = `http://${address}`
const resource = 'http://orders.example'

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'cli',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
    },
    {
      client_id: 'service',
      client_secret: 'service secret: 100% +&=',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'RS256' },
  pkce: { required: () => true, methods: ['S256'] },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: Number(seconds), ClientCredentials: Number(seconds) },
  scopes: ['openid', 'offline_access', 'orders:read', 'orders:write'],
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'orders:read orders:write',
        audience: resource,
        accessTokenTTL: Number(seconds),
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  cookies: { keys: ['not a secret: tests only'] },
})

// One line for each answer of the token endpoint: tests count them.
provider.on('grant.success', (ctx) => console.log('granted', ctx.oidc.params.grant_type))
provider.on('grant.error', (ctx, err) => console.log('refused', ctx.oidc.params?.grant_type, err.error))

const [host, port] = address.split(':')
http.createServer(provider.callback()).listen(Number(port), host)
