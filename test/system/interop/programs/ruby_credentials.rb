# Each line on standard input asks the AWS SDK for Ruby for credentials; each outcome is a line of JSON on standard output.

require "aws-sdk-core"
require "json"

provider = nil

$stdin.each_line do
  # The first question makes the provider, which loads; each later one refreshes it.
  provider ? provider.refresh! : provider = Aws::InstanceProfileCredentials.new(retries: 0, http_open_timeout: 20, http_read_timeout: 20)
  credentials = provider.credentials
  raise "no credentials were found" unless credentials.set?
  outcome = { received: {
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
    sessionToken: credentials.session_token
  } }
rescue StandardError => e
  outcome = { failed: "#{e.class}: #{e.message}" }
ensure
  puts JSON.generate(outcome)
  $stdout.flush
end
