<?php
// Lets in whoever an access code sent on. PHP 7.2 or newer, with sodium, which comes with it:
//   ISSUER=https://pay.example RESOURCE=club php -S 127.0.0.1:8089 access-token.php

function bytes(string $text): string
{
    return base64_decode(strtr($text, '-_', '+/'));
}

/** What the token says, where it holds; null where it does not. */
function claims(string $token, string $issuer, string $resource): ?array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) return null;
    [$head, $body, $signature] = $parts;
    $header = json_decode(bytes($head), true);
    if (($header['alg'] ?? '') !== 'EdDSA' || strlen(bytes($signature)) !== SODIUM_CRYPTO_SIGN_BYTES) return null;
    $keys = json_decode(file_get_contents("$issuer/.well-known/jwks.json"), true)['keys']; // may be kept for five minutes
    foreach ($keys as $key) {
        if ($key['kid'] !== ($header['kid'] ?? '')) continue;
        if (!sodium_crypto_sign_verify_detached(bytes($signature), "$head.$body", bytes($key['x']))) return null;
        $said = json_decode(bytes($body), true);
        return $said['iss'] === $issuer && $said['aud'] === $resource && $said['exp'] >= time() ? $said : null;
    }
    return null;
}

/** Each token lets somebody in once: a file of this name can be made once only. */
function isFirst(string $jti): bool
{
    return @fopen(sys_get_temp_dir() . '/seen-' . hash('sha256', $jti), 'x') !== false;
}

$said = claims($_GET['access_token'] ?? '', getenv('ISSUER'), getenv('RESOURCE'));
if ($said === null || !isFirst($said['jti'])) {
    http_response_code(403);
    exit('Not let in.');
}
session_start(); // from here on it is your session
echo 'Welcome.';
