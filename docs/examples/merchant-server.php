<?php
// A merchant's own server over SOAP, made from the WSDL alone: php -S 127.0.0.1:8088 docs/examples/merchant-server.php
// Its address in your settings: http://127.0.0.1:8088/ with HTTP Basic or a UsernameToken, user "ringmeter".

const WSDL = __DIR__ . '/../../wsdl/merchant-server.wsdl';
const PASSWORD = 'four-words-nobody-guesses';
$clients = [
    'C-1001' => ['cli' => '+33612345678', 'pin' => '4711', 'seconds' => 600],
    'C-1002' => ['cli' => '+33698765432', 'pin' => null, 'seconds' => null], // billed at the end of the month
];

class MerchantServer
{
    private bool $trusted;

    public function __construct(private array $clients)
    {
        $this->trusted = ($_SERVER['PHP_AUTH_USER'] ?? '') === 'ringmeter'
            && hash_equals(PASSWORD, $_SERVER['PHP_AUTH_PW'] ?? '');
    }

    /** The WS-Security header, which PHP gives to the method of its name. Keep nonces for five minutes to refuse a replay. */
    public function Security($header): void
    {
        $token = $header->UsernameToken;
        $digest = base64_encode(sha1(base64_decode($token->Nonce) . $token->Created . PASSWORD, true));
        $this->trusted = $token->Username === 'ringmeter'
            && hash_equals($digest, $token->Password)
            && abs(time() - strtotime($token->Created)) <= 300;
    }

    public function recognizeCaller($request): array
    {
        $this->onlyRingmeter();
        foreach ($this->clients as $code => $client) {
            if ($client['cli'] === ($request->question->cli ?? null)) {
                return $this->recognized($code, $request->question);
            }
        }
        return ['recognition' => ['outcome' => 'proof_wanted', 'proof' => 'client_code']];
    }

    public function recognizeClientCode($request): array
    {
        $this->onlyRingmeter();
        $code = $request->question->clientCode;
        $client = $this->clients[$code] ?? null;
        if ($client === null) {
            return ['recognition' => ['outcome' => 'refused', 'reason' => 'unknown']];
        }
        if ($client['pin'] !== null && !isset($request->question->pin)) {
            return ['recognition' => ['outcome' => 'proof_wanted', 'proof' => 'pin', 'clientCode' => $code]];
        }
        if ($client['pin'] !== null && !hash_equals($client['pin'], $request->question->pin)) {
            return ['recognition' => ['outcome' => 'refused', 'reason' => 'wrong_pin']];
        }
        return $this->recognized($code, $request->question);
    }

    public function reportUsage($request): array
    {
        $this->onlyRingmeter();
        $report = $request->report;
        // Keep $request->id: the same report may come again.
        error_log("$request->id: {$report->billableSeconds} s of " . ($report->clientCode ?? 'nobody'));
        return [];
    }

    private function recognized(string $code, object $question): array
    {
        $recognition = ['outcome' => 'recognized', 'clientCode' => $code, 'language' => 'fr', 'text' => 'Bonjour !'];
        if ($this->clients[$code]['seconds'] !== null) {
            $left = $this->clients[$code]['seconds'] - $question->secondsNotYetReported;
            $recognition['talkLimitSeconds'] = max(0, $left);
        }
        return ['recognition' => $recognition];
    }

    private function onlyRingmeter(): void
    {
        if (!$this->trusted) {
            $said = ['code' => 'not_authorized', 'sentence' => 'Who asks is not known here.'];
            throw new SoapFault('Client', $said['sentence'], null, $said, 'fault');
        }
    }
}

$server = new SoapServer(WSDL);
$server->setObject(new MerchantServer($clients));
$server->handle();
