<?php
// A client of our service that never sends a secret: WS-Security UsernameToken with a digest of the SOAP password, which
// POST /v1/soap-password has made.
//   php docs/examples/by-digest.php http://localhost:3000 soap_01... <password> call_01...

[, $gateway, $user, $password, $callSessionId] = $argv;

function usernameToken(string $user, string $password): SoapHeader
{
    $oasis = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
    $nonce = random_bytes(16);
    $created = gmdate('Y-m-d\TH:i:s\Z');
    $digest = base64_encode(sha1($nonce . $created . $password, true));
    $nonce = base64_encode($nonce);
    $token = <<<XML
        <wsse:Security xmlns:wsse="$oasis-wssecurity-secext-1.0.xsd" xmlns:wsu="$oasis-wssecurity-utility-1.0.xsd">
          <wsse:UsernameToken>
            <wsse:Username>$user</wsse:Username>
            <wsse:Password Type="$oasis-username-token-profile-1.0#PasswordDigest">$digest</wsse:Password>
            <wsse:Nonce>$nonce</wsse:Nonce>
            <wsu:Created>$created</wsu:Created>
          </wsse:UsernameToken>
        </wsse:Security>
        XML;
    return new SoapHeader("$oasis-wssecurity-secext-1.0.xsd", 'Security', new SoapVar($token, XSD_ANYXML), true);
}

$client = new SoapClient("$gateway/soap/v1?wsdl", ['location' => "$gateway/soap/v1"]);
try {
    // A nonce is good for one request.
    $client->__setSoapHeaders(usernameToken($user, $password));
    $session = $client->getCallSession(['id' => $callSessionId])->callSession;
    echo "$session->id: $session->state\n";
} catch (SoapFault $fault) {
    $declared = $fault->detail->fault ?? null;
    echo 'Refused: ', $declared->code ?? $fault->faultcode, ': ', $declared->sentence ?? $fault->getMessage(), "\n";
}
