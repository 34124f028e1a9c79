// oauth4webapi as the judge of an authorization server: oauth4.mjs ISSUER CLIENTS.
// CLIENTS is JSON. It takes nothing that the specifications do not allow; what was
// learnt is printed as one JSON object.
import * as oauth from 'oauth4webapi'
import { Person } from '../../examples/mcp/person.mjs'

const [address, text] = process.argv.slice(2)
const clients = JSON.parse(text)
const issuer = new URL(address)
const redirect = 'http://127.0.0.1:1/callback'
const scope = 'openid profile offline_access orders:read'
const insecure = { [oauth.allowInsecureRequests]: true }
const alice = new Person('alice', clients.password)
const learnt = {}

// From the API alone: what protects it, and which issuer that has.
const resource = new URL('/orders', issuer)
const said = await oauth.resourceDiscoveryRequest(resource, insecure)
const protects = await oauth.processResourceDiscoveryResponse(resource, said)
const metadata = {}
for (const algorithm of ['oauth2', 'oidc']) {
  const found = await oauth.discoveryRequest(new URL(protects.authorization_servers[0]), { ...insecure, algorithm })
  metadata[algorithm] = await oauth.processDiscoveryResponse(issuer, found)
}
const as = metadata.oauth2
learnt.methods = as.code_challenge_methods_supported.join(' ')
learnt.same = as.token_endpoint === metadata.oidc.token_endpoint && as.jwks_uri === metadata.oidc.jwks_uri

const key = await crypto.subtle.importKey('jwk', clients.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const proofs = {
  app: oauth.None(),
  basic: oauth.ClientSecretBasic(clients.basic),
  post: oauth.ClientSecretPost(clients.post),
  jwt: oauth.PrivateKeyJwt({ key, kid: clients.key.kid }),
}
const refusal = (err) => `${err.status ?? ''} ${err.error ?? err.cause?.[0]?.parameters?.error ?? err.code ?? err.message}`.trim()

async function asks(client, parameters) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const url = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: client.client_id, redirect_uri: redirect, response_type: 'code', scope, state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
  })) url.searchParams.set(name, value)
  const back = await alice.goes(url)
  if (!(back instanceof URL)) throw new Error(`nobody was sent back:\n${back}`)
  return { params: oauth.validateAuthResponse(as, client, back, state), verifier, nonce }
}

for (const [client_id, proof] of Object.entries(proofs)) {
  const client = { client_id }
  const { params, verifier, nonce } = await asks(client, { resource: resource.href })
  // By whoever does not know the verifier, the code is not used up.
  const thief = await oauth.authorizationCodeGrantRequest(as, client, proof, params, redirect, oauth.generateRandomCodeVerifier(), insecure)
  learnt[`${client_id} thief`] = await oauth.processAuthorizationCodeResponse(as, client, thief).then(() => 'granted', refusal)

  const answer = await oauth.authorizationCodeGrantRequest(as, client, proof, params, redirect, verifier, insecure)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true })
  await oauth.validateApplicationLevelSignature(as, answer, insecure)
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const info = await oauth.processUserInfoResponse(as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure))
  const renewed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, proof, tokens.refresh_token, insecure))
  const api = await oauth.protectedResourceRequest(renewed.access_token, 'GET', resource, undefined, undefined, insecure)
  learnt[client_id] = `${sub} ${info.sub} ${await api.text()}`

  // The token as an API reads it that wants a profiled JWT (RFC 9068).
  const request = new Request(resource, { headers: { authorization: `Bearer ${renewed.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request, resource.href, insecure)
  learnt[`${client_id} claims`] = [claims.iss === issuer.origin, claims.sub, claims.client_id, claims.scope, claims.aud].join(' ')

  if (client_id !== 'app') {
    const look = async () => (await oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, proof, renewed.access_token, insecure))).active
    const before = await look()
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, proof, renewed.access_token, insecure))
    learnt[`${client_id} active`] = `${before} ${await look()}`
    const own = await oauth.processClientCredentialsResponse(as, client, await oauth.clientCredentialsGrantRequest(as, client, proof, { scope: 'orders:read' }, insecure))
    learnt[`${client_id} itself`] = `${own.scope} ${own.refresh_token ?? 'without'}`
  }
  // The code a second time ends the login.
  const again = await oauth.authorizationCodeGrantRequest(as, client, proof, params, redirect, verifier, insecure)
  learnt[`${client_id} again`] = await oauth.processAuthorizationCodeResponse(as, client, again).then(() => 'granted', refusal)
  const ended = await oauth.refreshTokenGrantRequest(as, client, proof, renewed.refresh_token, insecure)
  learnt[`${client_id} ended`] = await oauth.processRefreshTokenResponse(as, client, ended).then(() => 'granted', refusal)
}

// Errors come back to the client by the redirect, with the issuer.
for (const [what, parameters] of Object.entries({
  scope: { scope: 'admin' },
  resource: { resource: 'https://elsewhere.example' },
  type: { response_type: 'token' },
  plain: { code_challenge_method: 'plain' },
})) {
  learnt[`wrong ${what}`] = await asks({ client_id: 'app' }, parameters).then(() => 'granted', (err) => err.error ?? String(err))
}

// A secret that is wrong: the challenge of 401 is read, too.
{
  const client = { client_id: 'basic' }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic('wrong'), {}, insecure)
  learnt['wrong secret'] = `${answer.status} ${await oauth.processClientCredentialsResponse(as, client, answer).then(() => 'granted', (err) => err.cause?.[0]?.scheme ?? err.error)}`
}

// A device, polled as often as it says.
{
  const client = { client_id: 'tv' }
  const device = await oauth.processDeviceAuthorizationResponse(as, client, await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope }, insecure))
  const poll = async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, insecure))
  const first = await poll().then(() => 'granted', (err) => err.error)
  await alice.goes(device.verification_uri_complete)
  await new Promise((next) => setTimeout(next, device.interval * 1000))
  learnt.device = `${first} ${oauth.getValidatedIdTokenClaims(await poll()).sub}`
}

// A client that registers itself with a key of its own.
{
  const { d, ...open } = clients.key
  const answer = await oauth.dynamicClientRegistrationRequest(as, {
    redirect_uris: [redirect], client_name: 'Registered', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [open] }, scope,
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
  }, insecure)
  const client = await oauth.processDynamicClientRegistrationResponse(answer)
  const { params, verifier, nonce } = await asks(client, {})
  const granted = await oauth.authorizationCodeGrantRequest(as, client, proofs.jwt, params, redirect, verifier, insecure)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, granted, { expectedNonce: nonce, requireIdToken: true })
  learnt.registered = `${oauth.getValidatedIdTokenClaims(tokens).sub} ${tokens.scope}`
}
console.log(JSON.stringify(learnt))
