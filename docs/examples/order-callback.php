<?php
// Our service over SOAP, by a client made from the WSDL alone:
//   php docs/examples/order-callback.php http://localhost:3000 rk_demo_...

[, $gateway, $apiKey] = $argv;
$client = new SoapClient("$gateway/soap/v1?wsdl", [
    'login' => 'api',
    'password' => $apiKey,
    'exceptions' => true,
    'trace' => true,
]);

try {
    $callback = $client->orderCallback([
        'order' => [
            'line' => 'demo',
            'callerNumber' => '+33612345678',
            'paymentMethod' => 'pm_card_visa',
            'reference' => 'basket-4711',
        ],
        'requestKey' => bin2hex(random_bytes(16)),
    ])->callback;
    echo "Ordered $callback->id, $callback->state\n";

    $session = $client->getCallSession(['id' => $callback->id])->callSession;
    echo "{$session->authorized->amount} {$session->authorized->currency} are held\n";

    $client->setConsultantAvailability(['consultant' => 'con_demo_hugo', 'availability' => 'break']);

    $client->refundPayment(['orderId' => $callback->orderId]);
} catch (SoapFault $fault) {
    $declared = $fault->detail->fault ?? null;
    echo 'Refused: ', $declared->code ?? $fault->faultcode, ': ', $declared->sentence ?? $fault->getMessage(), "\n";
}
