// What a gateway does without being asked: commands the switches whose leases it holds, tells merchants, heals, and watches
// that what must hold does. Started together and stopped together; jobs are what any gateway may do, each by its name.

import type { JobTasks } from '../store/jobs.ts';
import { SwitchCommander } from './command-switch.ts';
import { ConsultantClock } from './consultant-clock.ts';
import type { House } from './house.ts';
import { mailReceipt, tellAvailability } from './mail-people.ts';
import { mailPaused } from './mail-consultant.ts';
import { mailAccountNotice, mailInvitation, mailReset, mailSipSetUp } from './mail-sign-in.ts';
import { authorizeMore } from './more-time.ts';
import { NoticeDispatcher } from './notify-merchant.ts';
import { recordDispute } from './record-dispute.ts';
import { Recovery } from './recover.ts';
import { carryOutRefund } from './refund-payment.ts';
import { removeCustomer } from './remove-customers.ts';
import { reportUsage } from './report-usage.ts';
import { SettlingNow } from './settle-now.ts';
import { settleOrder } from './settle-order.ts';
import { HouseWatch } from './watch-house.ts';

export interface HouseWork {
  /** Lets go of the switches; their calls go on under their limits, and what is being written is finished. */
  stopCommanding(): Promise<void>;
  stopRest(): Promise<void>;
}

/** `holder`: the name this gateway holds leases under, unlike any other's. Resolves when it serves. */
export async function startHouseWork(house: House, holder: string): Promise<HouseWork> {
  const commanders = [...house.switches.values()].map((one) => new SwitchCommander(house, one, holder));
  const dispatcher = new NoticeDispatcher(house);
  const recovery = new Recovery(house);
  const watch = new HouseWatch(house);
  const settling = new SettlingNow(house);
  const consultants = new ConsultantClock(house);
  await Promise.all(commanders.map((commander) => commander.start()));
  dispatcher.start();
  recovery.start();
  watch.start();
  consultants.start();
  return {
    async stopCommanding() {
      await Promise.all(commanders.map((commander) => commander.stop()));
      await settling.stop();
    },
    async stopRest() {
      await consultants.stop();
      await watch.stop();
      await recovery.stop();
      await dispatcher.stop();
    },
  };
}

export function jobTasks(house: House): JobTasks {
  return {
    settle_order: (job) => settleOrder(house, job),
    authorize_more: (job) => authorizeMore(house, job),
    refund_payment: (job) => carryOutRefund(house, job),
    remove_customer: (job) => removeCustomer(house, job),
    record_dispute: (job) => recordDispute(house, job),
    report_usage: (job) => reportUsage(house, job),
    mail_receipt: (job) => mailReceipt(house, job),
    tell_availability: (job) => tellAvailability(house, job),
    mail_invitation: (job) => mailInvitation(house, job),
    mail_reset: (job) => mailReset(house, job),
    mail_account_notice: (job) => mailAccountNotice(house, job),
    mail_sip_set_up: (job) => mailSipSetUp(house, job),
    mail_paused: (job) => mailPaused(house, job),
  };
}
