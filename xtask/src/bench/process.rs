//! What the kernel says about a process and the machine.

use std::fs;
use std::time::Duration;

use crate::Failure;

/// The length of one tick of /proc/PID/stat, which Linux fixes at 1/100 s for programs.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process so far, in the program and in the kernel for it.
pub(super) fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|cause| cause.to_string())?;
    // The name stands in parentheses and may contain anything; utime and stime are fields 14 and 15 of the whole.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

/// Resident memory of a process, in bytes.
pub(super) fn resident(pid: u32) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(|cause| cause.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().map_err(|_| "no VmRSS".to_owned())?;
    Ok(kilobytes * 1024)
}

/// Processor, number of cores, kernel.
pub(crate) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{}, {cores} cores, Linux {}", model.trim_start_matches([' ', '\t', ':']), kernel.trim())
}
