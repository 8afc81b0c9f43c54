// What a leg is born with and what FreeSWITCH's SIP and media layers write on it, with the names and forms of the
// transcripts. Nothing in the sandbox reads the variables; they are there so that a gateway meets events of the real size
// and content.

import type { CallerProfile, Channel, NewLeg } from './switch-channel.ts';
import type { OriginateRequest } from './switch-command-text.ts';

type Pairs = (readonly [string, string])[];

const host = '127.0.0.1';

function mediaPort(channel: Channel, side: number): string {
  return String(20_000 + ((channel.sessionId * 4 + side * 2) % 40_000));
}

function sdp(port: string, offered: string): string {
  const lines = [
    'v=0',
    `o=FreeSWITCH 1795257055 1795257056 IN IP4 ${host}`,
    's=FreeSWITCH',
    `c=IN IP4 ${host}`,
    't=0 0',
  ];
  lines.push(`m=audio ${port} RTP/AVP ${offered} 101 13`, 'a=rtpmap:8 PCMA/8000');
  if (offered !== '8') lines.push('a=rtpmap:0 PCMU/8000');
  lines.push(
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=rtpmap:13 CN/8000',
    'a=ptime:20',
    'a=sendrecv',
  );
  return `${lines.join('\r\n')}\r\n`;
}

function negotiated(port: string): Pairs {
  return [
    ['rtp_use_codec_string', 'PCMA,PCMU'],
    ['remote_video_media_flow', 'inactive'],
    ['remote_text_media_flow', 'inactive'],
    ['remote_audio_media_flow', 'sendrecv'],
    ['remote_media_ip', host],
    ['remote_media_port', port],
    ['rtp_audio_recv_pt', '8'],
    ['rtp_use_codec_name', 'PCMA'],
    ['rtp_use_codec_rate', '8000'],
    ['rtp_use_codec_ptime', '20'],
    ['rtp_use_codec_channels', '1'],
    ['rtp_last_audio_codec_string', 'PCMA@8000h@20i@1c'],
    ['read_codec', 'PCMA'],
    ['original_read_codec', 'PCMA'],
    ['read_rate', '8000'],
    ['original_read_rate', '8000'],
    ['write_codec', 'PCMA'],
    ['write_rate', '8000'],
    ['dtmf_type', 'rfc2833'],
  ];
}

/** A leg to be dialled. FreeSWITCH writes `%2B` for `+` in outbound names and destinations. */
export function outboundLeg(
  uuid: string,
  request: OriginateRequest,
  variables: ReadonlyMap<string, string>,
  createdUs: number,
): NewLeg {
  const destination = request.number.replaceAll('+', '%2B');
  const address = 'profile' in request.via ? `${destination}@${request.via.host}` : destination;
  const number = variables.get('origination_caller_id_number') ?? '0000000000';
  const name = variables.get('origination_caller_id_name') ?? '';
  return {
    uuid,
    direction: 'outbound',
    phone: request.sip ?? request.number,
    name: `sofia/${profileOf(request)}/${address}`,
    createdUs,
    profile: {
      ...emptyProfile,
      callerIdName: name,
      callerIdNumber: number,
      originalName: name,
      originalNumber: number,
      calleeName: 'Outbound Call',
      calleeNumber: request.number,
      ani: number,
      destination,
      source: 'src/switch_ivr_originate.c',
      context: 'default',
      createdUs,
    },
  };
}

/** How a phone dials: what of its number the network tells. */
export interface Dialling {
  /** The caller wants his number told to nobody (RFC 3323). */
  withheld?: boolean;
  /** The network vouches for the number (RFC 3325); else it is what the phone says of itself. */
  assertedBy?: 'network';
}

/** What stands in From, and what Sofia makes the caller's number of it. */
function identityOf(
  number: string,
  { withheld, assertedBy }: Dialling,
): Record<'from' | 'name' | 'cli' | 'at', string> {
  const from = withheld === true ? 'anonymous' : number;
  return {
    from,
    name: withheld === true ? 'Anonymous' : number,
    cli: assertedBy === undefined ? from : number,
    at: withheld === true ? 'anonymous.invalid' : host,
  };
}

/** A call coming in from a phone. */
export function inboundLeg(
  uuid: string,
  number: string,
  ddi: string,
  createdUs: number,
  dialling: Dialling,
): NewLeg {
  const { from, name, cli, at } = identityOf(number, dialling);
  return {
    uuid,
    direction: 'inbound',
    phone: number,
    name: `sofia/carrier/${from}@${at}`,
    createdUs,
    profile: {
      ...emptyProfile,
      username: cli,
      dialplan: 'XML',
      callerIdName: name,
      callerIdNumber: cli,
      originalName: name,
      originalNumber: cli,
      networkAddress: host,
      ani: cli,
      hidden: dialling.withheld === true,
      destination: ddi,
      source: 'mod_sofia',
      context: 'public',
      createdUs,
    },
  };
}

function profileOf(request: OriginateRequest): string {
  return 'profile' in request.via ? request.via.profile : 'external';
}

function identity(channel: Channel): Pairs {
  return [
    ['direction', channel.direction],
    ...(channel.direction === 'outbound' ? ([['is_outbound', 'true']] as const) : []),
    ['uuid', channel.uuid],
    ['call_uuid', channel.uuid],
    ['session_id', String(channel.sessionId)],
  ];
}

export function outboundVariables(
  channel: Channel,
  request: OriginateRequest,
  variables: ReadonlyMap<string, string>,
): Pairs {
  const { destination } = channel.profile;
  const profileName = profileOf(request);
  const address = `${destination}@${'profile' in request.via ? request.via.host : `${host}:5090`}`;
  return [
    ...identity(channel),
    ['sip_local_network_addr', host],
    ['sip_profile_name', profileName],
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', channel.name],
    ['sip_destination_url', `sip:${address}`],
    ['origination_uuid', channel.uuid],
    ...variables,
    ...outboundFacts(channel, address, profileName),
  ];
}

export function inboundVariables(channel: Channel, ddi: string, dialling: Dialling): Pairs {
  return [...identity(channel), ...inboundFacts(channel, ddi, dialling)];
}

/** On an outbound leg before anybody answers, between the originate variables and the dialling. */
function outboundFacts(channel: Channel, address: string, profileName: string): Pairs {
  const port = mediaPort(channel, 0);
  return [
    ['originate_early_media', 'false'],
    ['originate_endpoint', 'sofia'],
    ['rtp_use_codec_string', 'PCMA,PCMU'],
    ['local_media_ip', host],
    ['local_media_port', port],
    ['advertised_media_ip', host],
    ['audio_media_flow', 'sendrecv'],
    ['rtp_local_sdp_str', sdp(port, '8 0')],
    ['sip_outgoing_contact_uri', `<sip:mod_sofia@${host}:5080>`],
    ['sip_req_uri', address],
    ['sip_to_host', address.replace(/^.*@/, '')],
    ['sip_from_host', host],
    ['sofia_profile_name', profileName],
    ['recovery_profile_name', profileName],
    ['sofia_profile_url', `sip:mod_sofia@${host}:5080`],
  ];
}

export function outboundAnswerFacts(channel: Channel): Pairs {
  const id = channel.uuid.slice(0, 12).replaceAll('-', '');
  const number = channel.phone.replace(/@.*$/, '');
  return [
    ['sip_reply_host', host],
    ['sip_reply_port', '5090'],
    ['sip_network_ip', host],
    ['sip_network_port', '5090'],
    ['sip_recover_contact', `<sip:${number}@${host}:5090;transport=udp>`],
    ['sip_full_via', `SIP/2.0/UDP ${host}:5080;rport=5080;branch=z9hG4bK${id}`],
    ['sip_recover_via', `SIP/2.0/UDP ${host}:5080;rport=5080;branch=z9hG4bK${id}`],
    ['sip_full_from', `<sip:${channel.profile.ani}@${host}>;tag=a${id}`],
    ['sip_full_to', `<sip:${number}@${host}:5090>;tag=b${id}`],
    ['sip_from_user', channel.profile.ani],
    ['sip_from_uri', `${channel.profile.ani}@${host}`],
    ['sip_to_user', number],
    ['sip_to_port', '5090'],
    ['sip_to_uri', `${number}@${host}:5090`],
    ['sip_contact_user', number],
    ['sip_contact_port', '5090'],
    ['sip_contact_uri', `${number}@${host}:5090`],
    ['sip_contact_host', host],
    ['sip_to_tag', `b${id}`],
    ['sip_from_tag', `a${id}`],
    ['sip_cseq', String(123_090_000 + channel.sessionId)],
    ['sip_call_id', channel.uuid],
    ['switch_r_sdp', sdp(mediaPort(channel, 1), '8')],
    ['ep_codec_string', 'CORE_PCM_MODULE.PCMA@8000h@20i@64000b'],
    ...negotiated(mediaPort(channel, 1)),
    ...transport(channel),
  ];
}

/** As Sofia was seen to write it: the asserted number alone, the other header whole. */
function identityFacts(channel: Channel, from: string, { withheld, assertedBy }: Dialling): Pairs {
  if (assertedBy === 'network') {
    return [
      ['sip_P-Asserted-Identity', channel.phone],
      ['sip_cid_type', 'pid'],
    ];
  }
  if (withheld === true) return [];
  return [
    ['sip_Remote-Party-ID', `<sip:${from}@${host}>;party=calling;screen=yes;privacy=off`],
    ['sip_cid_type', 'rpid'],
  ];
}

function inboundFacts(channel: Channel, ddi: string, dialling: Dialling): Pairs {
  const id = channel.uuid.slice(0, 12).replaceAll('-', '');
  const { from, at } = identityOf(channel.phone, dialling);
  return [
    ['sip_from_user', from],
    ['sip_from_uri', `${from}@${at}`],
    ['sip_from_host', at],
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', channel.name],
    ['sip_call_id', channel.uuid],
    ['sip_local_network_addr', host],
    ['sip_network_ip', host],
    ['sip_network_port', '5090'],
    ['sip_invite_stamp', String(channel.createdUs)],
    ['sip_received_ip', host],
    ['sip_received_port', '5090'],
    ['sip_via_protocol', 'udp'],
    ['sip_from_user_stripped', from.replace(/^\+/, '')],
    ['sip_from_tag', `a${id}`],
    ['sofia_profile_name', 'carrier'],
    ['sofia_profile_url', `sip:mod_sofia@${host}:5080`],
    ['recovery_profile_name', 'carrier'],
    ...identityFacts(channel, from, dialling),
    ...(dialling.withheld === true ? ([['sip_Privacy', 'id']] as const) : []),
    ['sip_full_via', `SIP/2.0/UDP ${host}:5090;rport=5090;branch=z9hG4bK${id}`],
    ['sip_full_from', `<sip:${from}@${at}>;tag=a${id}`],
    ['sip_full_to', `<sip:${ddi}@${host}:5080>`],
    ['sip_req_user', ddi],
    ['sip_req_port', '5080'],
    ['sip_req_uri', `${ddi}@${host}:5080`],
    ['sip_req_host', host],
    ['sip_to_user', ddi],
    ['sip_to_port', '5080'],
    ['sip_to_uri', `${ddi}@${host}:5080`],
    ['sip_to_host', host],
    ['sip_contact_user', 'mod_sofia'],
    ['sip_contact_port', '5090'],
    ['sip_contact_uri', `mod_sofia@${host}:5090`],
    ['sip_contact_host', host],
    ['sip_via_host', host],
    ['sip_via_port', '5090'],
    ['sip_via_rport', '5090'],
    ['max_forwards', '70'],
    ['switch_r_sdp', sdp(mediaPort(channel, 1), '8 0')],
    ['ep_codec_string', 'CORE_PCM_MODULE.PCMA@8000h@20i@64000b,CORE_PCM_MODULE.PCMU@8000h@20i@64000b'],
    ['audio_media_flow', 'sendrecv'],
    ...negotiated(mediaPort(channel, 1)),
    ['endpoint_disposition', 'RECEIVED'],
  ];
}

export function inboundAnswerFacts(channel: Channel): Pairs {
  const port = mediaPort(channel, 0);
  return [
    ['rtp_local_sdp_str', sdp(port, '8')],
    ['local_media_ip', host],
    ['local_media_port', port],
    ['advertised_media_ip', host],
    ...transport(channel),
  ];
}

function transport(channel: Channel): Pairs {
  return [
    ['rtp_use_timer_name', 'soft'],
    ['rtp_use_pt', '8'],
    ['rtp_use_ssrc', String((channel.sessionId * 2_654_435_761) % 4_294_967_296)],
    ['rtp_2833_send_payload', '101'],
    ['rtp_2833_recv_payload', '101'],
  ];
}

/** SIP's word for each way a leg fails to be answered (RFC 3261 section 21), as mod_sofia keeps it. */
export function refusalFacts(cause: string): Pairs {
  const status = { USER_BUSY: '486', UNALLOCATED_NUMBER: '404', CALL_REJECTED: '603' }[cause];
  if (status === undefined) return [];
  const phrase = { '486': 'Busy Here', '404': 'Not Found', '603': 'Decline' }[status] ?? '';
  return [
    ['sip_hangup_disposition', 'recv_refuse'],
    ['sip_invite_failure_status', status],
    ['sip_invite_failure_phrase', phrase],
    ['sip_term_status', status],
    ['proto_specific_hangup_cause', `sip:${status}`],
  ];
}

const emptyProfile: CallerProfile = {
  index: 1,
  username: '',
  dialplan: '',
  callerIdName: '',
  callerIdNumber: '',
  originalName: '',
  originalNumber: '',
  calleeName: '',
  calleeNumber: '',
  networkAddress: '',
  ani: '',
  destination: '',
  source: '',
  context: '',
  transferSource: '',
  hidden: false,
  createdUs: 0,
  bridgedUs: 0,
  transferUs: 0,
};
