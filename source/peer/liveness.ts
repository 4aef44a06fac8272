// Whether the peer is still there: keepalive while idle, doubt and then a verdict after too long a silence, and the quick probe after a crash hint.
// Knows only when something was heard, sent and acknowledged; refuses to know what.
import {type PeerConfig} from './config.js';

export class Liveness {
	readonly #config: PeerConfig;
	#heardAt: number;
	/**
	When stream data last moved, either way.
	*/
	#activeAt: number;
	/**
	The first packet since then that the peer must answer.
	*/
	#waitingSince: number | undefined;
	#probe: {nextAt: number; left: number; firstPn: number} | undefined;
	#isNear = false;
	#doubtedAt = -Infinity;

	constructor(config: PeerConfig, now: number) {
		this.#config = config;
		this.#heardAt = now;
		this.#activeAt = now;
	}

	/**
	Whether the peer is on this machine.
	*/
	setNear(isNear: boolean): void {
		this.#isNear = isNear;
	}

	/**
	An authentic packet came.
	*/
	handleReceived(now: number): void {
		this.#heardAt = now;
		this.#waitingSince = undefined;
	}

	/**
	Stream data moved.
	*/
	handleActivity(now: number): void {
		this.#activeAt = now;
	}

	/**
	A packet went out that the peer must acknowledge.
	*/
	handleSent(now: number): void {
		this.#waitingSince ??= now;
	}

	/**
	The peer acknowledged packets up to `largest`: it was alive after the probe began, if one of the probe's is among them.
	*/
	handleAcknowledged(largest: number): void {
		if (this.#probe && largest >= this.#probe.firstPn) {
			this.#probe = undefined;
		}
	}

	/**
	Somebody says that the peer may have died: packets from `firstPn` on are the question. With `isRefused` the system says that its
	port is closed; on this machine that is nearly proof, so fewer answers are waited for.
	*/
	startProbe(firstPn: number, {isRefused = false}: {isRefused?: boolean}, now: number): void {
		this.#probe ??= {nextAt: now, left: this.#config.probeCount, firstPn};
		if (isRefused && this.#isNear) {
			this.#probe.left = Math.min(this.#probe.left, this.#config.refusedProbeCount);
		}
	}

	/**
	An answer is overdue; it should have taken `interval`. True when somebody should ask the peer's system whether the port is still open.
	*/
	takeDoubt(interval: number, now: number): boolean {
		if (now - this.#heardAt < interval || now - this.#doubtedAt < this.#config.pokeInterval) {
			return false;
		}

		this.#doubtedAt = now;
		return true;
	}

	pollTimeout(): number {
		const silenceAt = this.#waitingSince === undefined ? this.#pingAt() : this.#waitingSince + this.#config.lostAfter;
		return this.#probe ? Math.min(this.#probe.nextAt, silenceAt) : silenceAt;
	}

	/**
	What a due timer means. `missed` counts probes of the loss recovery without an answer: a clock that jumped does not kill a peer
	that nobody asked. `interval` is how long an answer may take.
	*/
	handleTimeout({missed, interval}: {missed: number; interval: number}, now: number): 'ping' | 'lost' | undefined {
		if (this.#probe && now >= this.#probe.nextAt) {
			if (this.#probe.left === 0) {
				return 'lost';
			}

			// Only after the last is an answer waited for: on a path that seems slow, waiting after each would take seconds.
			this.#probe.left--;
			this.#probe.nextAt = now + (this.#probe.left === 0 ? Math.max(interval, this.#config.probeInterval) : this.#config.probeInterval);
			return 'ping';
		}

		if (this.#waitingSince === undefined) {
			return now >= this.#pingAt() ? 'ping' : undefined;
		}

		if (now < this.#waitingSince + this.#config.lostAfter) {
			return undefined;
		}

		if (missed >= 3) {
			return 'lost';
		}

		this.#waitingSince = now;
		return 'ping';
	}

	#pingAt(): number {
		const {activePing, idlePing, activeFor, nearPing} = this.#config;
		if (this.#isNear) {
			return this.#heardAt + nearPing;
		}

		const active = this.#heardAt + activePing;
		return active < this.#activeAt + activeFor ? active : this.#heardAt + idlePing;
	}
}
