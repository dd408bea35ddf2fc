package org.tastemaker.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * Prints the times of {@link UnetForwardBenchmark} and {@link PolicyStepBenchmark} as a table, with
 * those of peers on the same rows: PyTorch as {@code scripts/torch_check.py} measured it at the
 * sizes of Stable Diffusion, and oneDNN from the same results. A ratio above 1 is faster than the
 * peer. A policy's step includes guidance, the loss, the clipped gradient and AdamW here, and the
 * forward and the backward run alone there.
 *
 * <pre>
 *   java ... org.tastemaker.benchmarks.ModelTable [--peer torch-check.json] RESULTS.json ...
 * </pre>
 */
public final class ModelTable {
  private static final Map<String, String> TASKS =
      Map.of("UnetForwardBenchmark.forward", "forward", "PolicyStepBenchmark.step", "step");

  /** The models that PyTorch's side has too, under the same names. */
  private static final Set<String> SHARED = Set.of("sd15", "sdxl");

  private ModelTable() {}

  /**
   * Prints the table.
   *
   * @param args as above
   */
  public static void main(String[] args) {
    List<String> files = new ArrayList<>(Arrays.asList(args));
    List<Peer> peers = List.of();
    if (files.size() > 1 && files.get(0).equals("--peer")) {
      peers = peers(Json.readObject(Path.of(files.get(1))));
      files = files.subList(2, files.size());
    }
    if (files.isEmpty()) {
      throw new IllegalArgumentException("expected [--peer FILE] RESULTS.json ...");
    }
    Map<String, Double> times = new LinkedHashMap<>();
    files.forEach(file -> times.putAll(JmhResults.read(Path.of(file)).times()));
    lines(rows(times), peers).forEach(System.out::println);
  }

  /**
   * A time of this project.
   *
   * @param latent the side of the latents; 0 for the model's own
   * @param batch images
   */
  record Row(
      String task,
      String model,
      int latent,
      String engine,
      String device,
      String precision,
      boolean checkpointing,
      int batch,
      double milliseconds) {
    /** What the U-Net is given: a policy's step, with guidance, gives it each image twice. */
    int rows() {
      return task.equals("step") ? 2 * batch : batch;
    }

    boolean isLike(Row other) {
      return task.equals(other.task)
          && model.equals(other.model)
          && latent == other.latent
          && batch == other.batch;
    }
  }

  /** A time of PyTorch's: eager, graph or compiled. */
  record Peer(
      String task, String model, String precision, int rows, String mode, double milliseconds) {}

  static List<Row> rows(Map<String, Double> times) {
    List<Row> rows = new ArrayList<>();
    times.forEach(
        (key, microseconds) -> {
          String[] parts = key.split(" ", -1);
          String task = TASKS.get(parts[0]);
          if (task != null) {
            Map<String, String> settings = new LinkedHashMap<>();
            for (int i = 1; i < parts.length; i++) {
              int equals = parts[i].indexOf('=');
              settings.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
            }
            rows.add(
                new Row(
                    task,
                    settings.getOrDefault("model", ""),
                    Integer.parseInt(settings.getOrDefault("latent", "0")),
                    settings.getOrDefault("engine", ""),
                    settings.getOrDefault("device", "cpu"),
                    settings.getOrDefault("precision", "float32"),
                    Objects.equals(settings.get("checkpointing"), "true"),
                    Integer.parseInt(settings.getOrDefault("batch", "0")),
                    microseconds / 1e3));
          }
        });
    rows.sort(
        Comparator.comparing(Row::task)
            .thenComparing(Row::model)
            .thenComparing(Row::engine)
            .thenComparing(Row::precision)
            .thenComparing(Row::checkpointing)
            .thenComparing(Row::batch));
    return rows;
  }

  /** The times in the file of torch_check.py; what failed there has none. */
  static List<Peer> peers(JsonObject file) {
    return file.objects("timings").stream()
        .filter(entry -> entry.has("ms"))
        .map(
            entry ->
                new Peer(
                    entry.text("task"),
                    entry.text("size"),
                    entry.text("precision"),
                    entry.integer("batch"),
                    entry.text("mode"),
                    entry.number("ms")))
        .toList();
  }

  static List<String> lines(List<Row> rows, List<Peer> peers) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%-8s %-6s %-7s %-7s %-9s %-13s %5s  %10s  %10s  %9s  %9s  %11s  %9s",
            "",
            "model",
            "engine",
            "device",
            "precision",
            "",
            "batch",
            "ms",
            "images/s",
            "of oneDNN",
            "of eager",
            "of a graph",
            "of compiled"));
    for (Row row : rows) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-8s %-6s %-7s %-7s %-9s %-13s %5d  %10.2f  %10.2f  %9s  %9s  %11s  %9s",
              row.task(),
              row.model(),
              row.engine(),
              row.device(),
              row.precision(),
              row.checkpointing() ? "checkpointing" : "",
              row.batch(),
              row.milliseconds(),
              1e3 * row.batch() / row.milliseconds(),
              text(ofOneDnn(row, rows)),
              text(of(row, peers, "eager")),
              text(of(row, peers, "graph")),
              text(of(row, peers, "compiled"))));
    }
    if (rows.stream().anyMatch(row -> row.device().startsWith("cuda"))) {
      lines.add(goal("goal of all batches", 1, rows, peers, row -> true));
      lines.add(goal("goal of batches 1 to 4", 1.2, rows, peers, row -> row.batch() <= 4));
    }
    return lines;
  }

  private static String text(OptionalDouble ratio) {
    return ratio.isEmpty() ? "-" : String.format(Locale.ROOT, "%.2f", ratio.getAsDouble());
  }

  private static OptionalDouble ofOneDnn(Row row, List<Row> rows) {
    return rows.stream()
        .filter(other -> other.engine().equals("onednn") && other.isLike(row) && !other.equals(row))
        .mapToDouble(other -> other.milliseconds() / row.milliseconds())
        .findFirst();
  }

  private static OptionalDouble of(Row row, List<Peer> peers, String mode) {
    if (!SHARED.contains(row.model()) || row.latent() != 0) {
      return OptionalDouble.empty();
    }
    return peers.stream()
        .filter(
            peer ->
                peer.mode().equals(mode)
                    && peer.task().equals(row.task())
                    && peer.model().equals(row.model())
                    && peer.precision().equals(row.precision())
                    && peer.rows() == row.rows())
        .mapToDouble(peer -> peer.milliseconds() / row.milliseconds())
        .findFirst();
  }

  /** Whether the engine is so fast in bfloat16, in terms of eager PyTorch. */
  private static String goal(
      String name, double least, List<Row> rows, List<Peer> peers, Predicate<Row> which) {
    String asked =
        String.format(Locale.ROOT, "%s: %.1f of eager PyTorch in bfloat16: ", name, least);
    List<Row> judged =
        rows.stream()
            .filter(
                row ->
                    row.engine().equals("torch")
                        && row.precision().equals("bfloat16")
                        && !row.checkpointing()
                        && which.test(row)
                        && of(row, peers, "eager").isPresent())
            .sorted(Comparator.comparing(row -> of(row, peers, "eager").orElse(0)))
            .toList();
    if (judged.isEmpty()) {
      return asked + "not known, nothing was measured on both sides";
    }
    Row slowest = judged.get(0);
    double ratio = of(slowest, peers, "eager").orElse(0);
    return asked
        + String.format(
            Locale.ROOT,
            "%s, the least is %.2f (%s, %s, batch %d)",
            ratio >= least ? "met" : "MISSED",
            ratio,
            slowest.task(),
            slowest.model(),
            slowest.batch());
  }
}
