package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What the runs of a compiled function cost: by kind of layer, by layer, and outside its steps.
 * Where several threads run parts of the batch, the table shows what each of them did on average.
 *
 * <p>{@link #toString} is a table to read.
 */
public final class Profile {
  private final LongSupplier nanoTime;
  private final long arenaBytes;
  private final int threads;
  private final Map<Step, long[]> steps = new HashMap<>();
  private long total;
  private long within;
  private int runs;

  /**
   * Nothing yet.
   *
   * @param threads how many threads run parts of the batch at the same time
   */
  Profile(LongSupplier nanoTime, long arenaBytes, int threads) {
    this.nanoTime = nanoTime;
    this.arenaBytes = arenaBytes;
    this.threads = threads;
  }

  /**
   * Time and number of runs of something.
   *
   * @param what a kind of layer, or a layer, with "backward" for the backward half
   * @param nanos in all runs and of all threads together
   * @param count how often one of its steps ran
   */
  public record Entry(String what, long nanos, long count) {}

  long now() {
    return nanoTime.getAsLong();
  }

  void ran(long start) {
    total += now() - start;
    runs++;
  }

  /** May be called by several threads at the same time. */
  void run(Step[] list) {
    long[] nanos = new long[list.length];
    for (int i = 0; i < list.length; i++) {
      long before = now();
      list[i].run();
      nanos[i] = now() - before;
    }
    add(list, nanos);
  }

  private synchronized void add(Step[] list, long... nanos) {
    for (int i = 0; i < list.length; i++) {
      long[] sum = steps.computeIfAbsent(list[i], s -> new long[2]);
      sum[0] += nanos[i];
      sum[1]++;
      within += nanos[i];
    }
  }

  /** Forgets what was measured so far: to leave out the first runs. */
  public void reset() {
    steps.clear();
    total = 0;
    within = 0;
    runs = 0;
  }

  /**
   * The number of runs.
   *
   * @return calls of forward and of backward
   */
  public int runs() {
    return runs;
  }

  /**
   * The size of the memory that activations share. Packed weights, which functions share, have
   * memory of their own.
   *
   * @return bytes
   */
  public long arenaBytes() {
    return arenaBytes;
  }

  /**
   * The share of the time that was not spent in a step: copying inputs, checks, the loop itself.
   *
   * @return from 0 to 1
   */
  public double shareOutsideSteps() {
    return total == 0 ? 0 : 1 - (double) within / total / threads;
  }

  /**
   * Time by kind of layer.
   *
   * @return the kinds, the slowest first
   */
  public List<Entry> byKind() {
    Map<String, Entry> kinds = new LinkedHashMap<>();
    steps.forEach((step, sum) -> add(kinds, step.kind(), sum));
    return sorted(kinds);
  }

  /**
   * The layers that took the most time.
   *
   * @param limit how many at most
   * @return the layers of each direction, the slowest first
   */
  public List<Entry> slowest(int limit) {
    Map<String, Entry> layers = new LinkedHashMap<>();
    steps.forEach((step, sum) -> add(layers, step.kind() + " " + step.layer(), sum));
    return sorted(layers).stream().limit(limit).toList();
  }

  private static void add(Map<String, Entry> entries, String key, long... sum) {
    entries.merge(
        key,
        new Entry(key, sum[0], sum[1]),
        (a, b) -> new Entry(key, a.nanos + b.nanos, a.count + b.count));
  }

  private static List<Entry> sorted(Map<String, Entry> entries) {
    List<Entry> list = new ArrayList<>(entries.values());
    list.sort(Comparator.comparingLong(Entry::nanos).reversed());
    return list;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d runs, %.3f ms each, %.1f %% outside kernels, arena %.1f MiB%n",
            runs,
            runs == 0 ? 0 : total / 1e6 / runs,
            100 * shareOutsideSteps(),
            arenaBytes / 1048576.0));
    text.append(
        String.format(
            Locale.ROOT, "%-58s %10s %8s %6s%n", "by kind", "ms a run", "steps", "share"));
    byKind().forEach(entry -> append(text, entry));
    text.append(
        String.format(
            Locale.ROOT, "%-58s %10s %8s %6s%n", "slowest", "ms a run", "steps", "share"));
    slowest(10).forEach(entry -> append(text, entry));
    return text.toString();
  }

  private void append(StringBuilder text, Entry entry) {
    text.append(
        String.format(
            Locale.ROOT,
            "%-58s %10.3f %8d %5.1f%%%n",
            entry.what(),
            entry.nanos() / 1e6 / runs / threads,
            entry.count() / runs / threads,
            100.0 * entry.nanos() / total / threads));
  }
}
