package cli

const explainLong = "Give it what you have of a request that fails: the curl command, the HAR file of a browser, request and response as text, a collection of Postman, " +
	"or a URL. It names the first cause, shows what you sent beside what the server wants, and says the one thing to do. " +
	"Passwords, tokens and signatures are left out, so that the report can go into a ticket.\n\n" +
	"WHAT is one of these: the file or the text of such a request, a curl or HTTPie command as it is (behind --), a reason such as token-expired, what a report shows in brackets, the id of a request that this gate refused, " +
	"a token, an API key, a response from its status line on, or a line such as \"Authorization: ...\" or \"WWW-Authenticate: ...\". " +
	"With - it is read from standard input, which is the right way for secrets: arguments are visible to everyone on the machine.\n\n" +
	"Nothing leaves the machine, with two exceptions that you ask for: --send makes the request and looks at the live answer (it answers no challenge, and keeps credentials from other hosts; " +
	"for a token it also asks the server for its metadata and the issuer for its keys), and --jwks URL fetches the keys that verify a token.\n\n" +
	"--challenge takes the values of the WWW-Authenticate fields of one response, each as an argument behind --, or one response per line " +
	"from standard input. --authorization takes one value of Authorization in the same way. Octets are taken as they are.\n\n" +
	"The exit status is 0 if nothing is wrong, 1 for a request that fails and for whatever is faulty or would be refused, 2 for wrong use, and 3 if it could not be tested, such as a server that --send cannot reach."

const explainExamples = `# put it before the command that fails
gate401 explain -- curl -H 'Authorization: Bearer eyJ...' https://api.example.com/orders

# the same, and look at the live answer
gate401 explain --send -- curl -u alice:secret https://api.example.com/orders

# HTTPie
gate401 explain -- https api.example.com/orders 'Authorization:Bearer eyJ...'

# "Copy as cURL" of a browser (any of them), PowerShell or fetch, from the clipboard
pbpaste | gate401 explain --curl -

# the network tab of a browser: Save all as HAR
gate401 explain --har api.example.com.har
gate401 explain --har api.example.com.har --entry /orders

# request and response as text
curl -v https://api.example.com/orders 2>&1 | gate401 explain -
gate401 explain --raw exchange.txt --jwks https://idp.example.com/jwks.json --audience orders

# a command with its answer below it, as copied from a terminal
pbpaste | gate401 explain -

# a collection of Postman and the environment that goes with it
gate401 explain --postman shop.postman_collection.json --postman-env live.postman_environment.json --entry 3

# a URL
gate401 explain --send https://api.example.com/orders -H 'X-API-Key: abc'

# single things
gate401 explain token-expired
gate401 explain 01JGJ0Q4B8Z3V5K7M9N1P2R4T6
gate401 explain --challenge -- 'Basic realm=orders' 'Bearer'

# a page that decodes tokens and never asks anybody
gate401 explain --page inspector.html`
