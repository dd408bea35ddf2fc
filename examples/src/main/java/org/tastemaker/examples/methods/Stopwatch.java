package org.tastemaker.examples.methods;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * Adds up processor seconds, over all threads of this process, and wall-clock seconds while it
 * runs. The processor seconds say what a method costs on a shared machine.
 */
final class Stopwatch {
  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private long processor;
  private long wall;
  private long processorStart = -1;
  private long wallStart;

  void start() {
    processorStart = system.getProcessCpuTime();
    wallStart = System.nanoTime();
  }

  void stop() {
    if (processorStart >= 0) {
      processor += system.getProcessCpuTime() - processorStart;
      wall += System.nanoTime() - wallStart;
      processorStart = -1;
    }
  }

  double processorSeconds() {
    return processor * 1e-9;
  }

  double wallSeconds() {
    return wall * 1e-9;
  }
}
