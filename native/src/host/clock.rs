//! Time: wall clock in RFC 3339 and the microseconds since the process began.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rquickjs::{Ctx, Object};

static BEGAN: OnceLock<Instant> = OnceLock::new();

/// Processor time of this process so far. Waiting for a lock, a disk or a free processor is not in it.
pub fn consumed() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a clock every Linux has, and a timespec to fill.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Marks the beginning; called first thing.
pub fn begin() {
    let _ = BEGAN.set(Instant::now());
}

/// `{epochMilliseconds, timestamp, elapsedMicroseconds}`.
pub fn read<'js>(ctx: Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let now = now();
    let clock = Object::new(ctx)?;
    clock.set("epochMilliseconds", now.as_millis() as f64)?;
    clock.set("timestamp", timestamp(now))?;
    let elapsed = BEGAN.get().map_or(0, |began| began.elapsed().as_micros());
    clock.set("elapsedMicroseconds", elapsed as f64)?;
    Ok(clock)
}

/// Time since 1970-01-01T00:00:00Z.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// RFC 3339 in UTC with microseconds. Civil date from day count: Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", days_from_civil inverted.
pub fn timestamp(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since_epoch.subsec_micros()
    )
}

/// RFC 3339 of milliseconds since the epoch; of the last instant there is a year of four digits for, if later.
pub fn timestamp_of_milliseconds(milliseconds: u128) -> String {
    const LAST: u64 = 253_402_300_799_999;
    timestamp(Duration::from_millis(u64::try_from(milliseconds).map_or(LAST, |each| each.min(LAST))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(timestamp(Duration::ZERO), "1970-01-01T00:00:00.000000Z");
        assert_eq!(timestamp(Duration::from_secs(951_782_400)), "2000-02-29T00:00:00.000000Z");
        assert_eq!(timestamp(Duration::from_millis(1_795_291_700_778)), "2026-11-21T20:08:20.778000Z");
    }
}
