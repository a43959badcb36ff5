const EVERY_MS = 500;

/**
 * npx starts commands in a shell and does not pass signals on to them: when it gets a signal, its shell ends, and this
 * process would go on, with its port. So a process that npx has started ends when its parent does.
 */
export function endWithNpx(): void {
  if (process.env.npm_lifecycle_event !== "npx") return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    // Handled like one that came from outside: it is passed on to the command, too.
    process.kill(process.pid, "SIGTERM");
  }, EVERY_MS);
  timer.unref();
}
