// An independent OpenID provider that vouches for people: people.mjs ADDRESS OPTIONS,
// OPTIONS being a JSON object: redirect (where the gate is called back), logout (where
// it is after a logout), secret (of the client "gate"), thin (claims are at userinfo
// alone), auth (how the client proves itself), iss (false for no iss in answers).
// Whoever logs in with any name and password is that person. POST /control/rotate
// replaces all its keys, the old ones are gone; /control/fail makes the token endpoint
// fail with 500, /control/mend ends that.
import http from 'node:http'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Provider } from 'oidc-provider'

const [address, text] = process.argv.slice(2)
const options = JSON.parse(text)
const issuer = `http://${address}`
const port = address.split(':')[1]

const groups = { alice: ['staff', 'Their Admins'], bob: ['staff'] }

function claims(name) {
  return {
    sub: `u-${name}`,
    name: `${name[0].toUpperCase()}${name.slice(1)} of ${port}`,
    preferred_username: name,
    email: `${name}@example.com`,
    email_verified: name !== 'mallory',
    groups: groups[name] ?? [],
    realm_access: { roles: name === 'alice' ? ['approver'] : [] },
  }
}

function keys() {
  return ['RS256', 'ES256'].map((alg) => {
    const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomBytes(6).toString('hex') }
  })
}

function provider() {
  const p = new Provider(issuer, {
    clients: [
      {
        client_id: 'gate',
        client_secret: options.secret,
        token_endpoint_auth_method: options.auth ?? 'client_secret_basic',
        redirect_uris: [options.redirect],
        post_logout_redirect_uris: options.logout ? [options.logout] : [],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: options.alg ?? 'RS256',
      },
    ],
    jwks: { keys: keys() },
    conformIdTokenClaims: options.thin ?? false,
    pkce: { required: () => true, methods: ['S256'] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups', 'realm_access'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => claims(sub) }),
    features: { rpInitiatedLogout: { enabled: true } },
    cookies: {
      // Cookies know no ports: several providers on one host must not share them.
      names: { session: `s${port}`, interaction: `i${port}`, resume: `r${port}` },
      keys: ['not a secret: tests only'],
    },
  })
  p.on('grant.success', (ctx) => console.log('granted', ctx.oidc.params.grant_type))
  p.on('grant.error', (ctx, err) => console.log('refused', ctx.oidc.params?.grant_type, err.error, err.error_detail ?? err.error_description))
  p.on('authorization.error', (ctx, err) => console.log('not authorized', err.error, err.error_detail ?? err.error_description))
  p.on('server_error', (ctx, err) => console.log('server error', err))
  return p.callback()
}

let serve = provider()
let failing = false
const host = address.split(':')[0]
http
  .createServer((req, res) => {
    if (req.url === '/control/rotate') {
      serve = provider()
      return res.end('rotated\n')
    }
    if (req.url === '/control/fail' || req.url === '/control/mend') {
      failing = req.url === '/control/fail'
      return res.end('done\n')
    }
    if (failing && req.url === '/token') {
      res.statusCode = 500
      return res.end('<h1>stack trace of the provider</h1>')
    }
    return serve(req, res)
  })
  .listen(Number(port), host)
