package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every number that a run reports is explained, and nothing else is. */
class MetricsGlossaryTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final Pattern NOTED =
      Pattern.compile("(?:metrics\\.put|diagnostics\\.mean|means\\.put)\\(\\s*\"([\\w.]+)\"");

  /** A literal map of metrics: in the classes that report one as a whole. */
  private static final Pattern MAP = Pattern.compile("Map\\.of\\(([^;]*);");

  /** What the hacking monitor measures, in rounds and in evaluations. */
  private static final Pattern SIGNAL =
      Pattern.compile("^ {2}[A-Z_]+\\(\"(\\w+)\", \"", Pattern.MULTILINE);

  private static final Pattern NAME = Pattern.compile("\"([a-zA-Z0-9.]+)\",");
  private static final List<String> WITH_MAPS =
      List.of(
          "SearchState",
          "VaeTrainer",
          "ClipTrainer",
          "HpsTrainer",
          "DenoisingTrainer",
          "Baseline",
          "Rwr",
          "DiffusionDpo",
          "DiffusionKto",
          "Mapo",
          "TrajectoryPreferences",
          "HeldOut",
          "RewardTrainer");
  private static final Pattern DOCUMENTED = Pattern.compile("^\\| `([\\w.]+)`");

  @Test
  void everyMetricIsInTheGlossary() throws IOException {
    Set<String> reported = reported();

    assertThat(reported)
        .contains("loss", "approxKl", "annotation.rate", "moved", "valueLoss", "l1");
    assertThat(documented()).containsAll(reported);
  }

  @Test
  void theGlossaryHasNoMetricThatIsNotReported() throws IOException {
    assertThat(reported()).containsAll(documented());
  }

  private static Set<String> documented() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String line : Files.readAllLines(ROOT.resolve("docs/metrics.md"))) {
      Matcher row = DOCUMENTED.matcher(line);
      if (row.find()) {
        names.add(row.group(1));
      }
    }
    return names;
  }

  private static Set<String> reported() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : sources()) {
      String text = Files.readString(file);
      add(names, NOTED.matcher(text));
      String name = String.valueOf(file.getFileName()).replace(".java", "");
      if (WITH_MAPS.contains(name)) {
        Matcher map = MAP.matcher(text);
        while (map.find()) {
          add(names, NAME.matcher(map.group(1)));
        }
      }
      if (name.equals("Signal")) {
        Set<String> signals = new TreeSet<>();
        add(signals, SIGNAL.matcher(text));
        names.addAll(signals);
        signals.forEach(signal -> names.add("evaluation." + signal));
      }
      if (text.contains("KL_TO_REFERENCE = \"")) {
        names.add("klToReference");
      }
    }
    return names;
  }

  private static void add(Set<String> names, Matcher found) {
    while (found.find()) {
      names.add(found.group(1));
    }
  }

  private static List<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : List.of("optim", "reward", "diffusion", "feedback", "examples")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all;
  }
}
