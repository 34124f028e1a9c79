// An API that believes nothing but the token of the gate in front of it:
// identity.mjs ADDRESS ISSUER AUDIENCE HEADER [TYP]. It answers with what it verified.
import http from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [address, issuer, audience, header, typ = 'gate401-identity+jwt'] = process.argv.slice(2)
const [host, port] = address.split(':')
const keys = createRemoteJWKSet(new URL('/auth/jwks.json', issuer))

http
  .createServer(async (req, res) => {
    const answer = (status, body) => {
      res.writeHead(status, { 'content-type': 'application/json' })
      res.end(JSON.stringify(body))
    }
    const field = req.headers[header.toLowerCase()]
    if (!field) return answer(200, { anonymous: true, headers: req.headers })
    try {
      const { payload, protectedHeader } = await jwtVerify(field.replace(/^Bearer /, ''), keys, { issuer, audience, typ })
      answer(200, { payload, protectedHeader, token: field })
    } catch (err) {
      answer(403, { error: err.code, message: err.message })
    }
  })
  .listen(Number(port), host)
