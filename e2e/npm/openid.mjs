// openid-client as the judge of an OpenID provider: openid.mjs ISSUER CLIENTS.
// CLIENTS is JSON. Whoever is refused by it ends the program; what was learnt is
// printed as one JSON object.
import * as client from 'openid-client'
import { Person } from '../../examples/mcp/person.mjs'

const [issuer, text] = process.argv.slice(2)
const clients = JSON.parse(text)
const callback = 'http://127.0.0.1:1/callback'
const scope = 'openid profile offline_access orders:read'
const resource = `${issuer}/orders`
const execute = [client.allowInsecureRequests]
const alice = new Person('alice', clients.password)
const learnt = {}

const key = await crypto.subtle.importKey('jwk', clients.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const proofs = {
  public: ['app', client.None()],
  basic: ['basic', client.ClientSecretBasic(clients.basic)],
  post: ['post', client.ClientSecretPost(clients.post)],
  jwt: ['jwt', client.PrivateKeyJwt({ key, kid: clients.key.kid })],
}

for (const [name, [id, proof]] of Object.entries(proofs)) {
  for (const algorithm of ['oidc', 'oauth2']) {
    const config = await client.discovery(new URL(issuer), id, undefined, proof, { execute, algorithm })
    // Strict: the response has to name its issuer, and PKCE has to be offered.
    if (!config.serverMetadata().authorization_response_iss_parameter_supported) throw new Error('no iss is promised')
    if (!config.serverMetadata().supportsPKCE()) throw new Error('no PKCE is offered')
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const expectedState = client.randomState()
    const expectedNonce = client.randomNonce()
    const address = client.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope,
      resource,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      max_age: '300',
    })
    const back = await alice.goes(address)
    if (!(back instanceof URL)) throw new Error(`nobody was sent back:\n${back}`)
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 300, idTokenExpected: true }

    // What another issuer answered is not taken (RFC 9207), nor one that names none.
    for (const iss of ['https://evil.example', undefined]) {
      const mixed = new URL(back)
      mixed.searchParams.delete('iss')
      if (iss) mixed.searchParams.set('iss', iss)
      const taken = await client.authorizationCodeGrant(config, mixed, checks).then(() => true, () => false)
      if (taken) throw new Error('an answer of another issuer was taken')
    }

    const tokens = await client.authorizationCodeGrant(config, back, checks)
    const claims = tokens.claims()
    const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    const next = await client.refreshTokenGrant(config, tokens.refresh_token, { resource })
    const api = await client.fetchProtectedResource(config, next.access_token, new URL(resource), 'GET')
    learnt[`${name} ${algorithm}`] = [claims.sub, info.sub, info.name, api.status, await api.text(), next.refresh_token !== tokens.refresh_token].join(' ')

    // What is revoked is dead, and so is all of its login.
    const looked = id === 'app' ? undefined : await client.tokenIntrospection(config, next.access_token)
    await client.tokenRevocation(config, next.refresh_token)
    const dead = await client.refreshTokenGrant(config, next.refresh_token).then(() => 'alive', (err) => err.error)
    const after = id === 'app' ? undefined : await client.tokenIntrospection(config, next.access_token)
    learnt[`${name} ${algorithm} ended`] = [dead, looked?.active, looked?.sub, after?.active].join(' ')
  }
}

// Client credentials, by each proof that a program can have.
for (const name of ['basic', 'post', 'jwt']) {
  const [id, proof] = proofs[name]
  const config = await client.discovery(new URL(issuer), id, undefined, proof, { execute })
  const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read', resource })
  const api = await client.fetchProtectedResource(config, tokens.access_token, new URL(resource), 'GET')
  learnt[`${name} itself`] = `${tokens.token_type} ${tokens.scope} ${await api.text()}`
  for (const [what, parameters] of Object.entries({ resource: { resource: 'https://elsewhere.example' }, scope: { scope: 'admin' } })) {
    learnt[`${name} wrong ${what}`] = await client.clientCredentialsGrant(config, parameters).then(() => 'granted', (err) => err.error)
  }
}

// A device: a person types its code, or says no.
{
  const config = await client.discovery(new URL(issuer), 'tv', undefined, client.None(), { execute })
  const device = await client.initiateDeviceAuthorization(config, { scope })
  const poll = client.pollDeviceAuthorizationGrant(config, device, undefined, { signal: AbortSignal.timeout(60_000) })
  await alice.goes(device.verification_uri_complete)
  const tokens = await poll
  learnt.device = `${tokens.claims().sub} ${(await client.refreshTokenGrant(config, tokens.refresh_token)).token_type}`
}

// A client that registers itself, and then logs somebody in.
{
  const config = await client.dynamicClientRegistration(
    new URL(issuer),
    { redirect_uris: [callback], client_name: 'Registered', token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], scope },
    client.ClientSecretBasic(),
    { execute },
  )
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope, code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  })
  const tokens = await client.authorizationCodeGrant(config, await alice.goes(address), { pkceCodeVerifier, idTokenExpected: true })
  learnt.registered = `${tokens.claims().sub} ${tokens.scope}`
}
console.log(JSON.stringify(learnt))
