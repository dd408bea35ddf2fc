package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.server.LoopbackServer;

/** A program that annotates images needs neither ND4J nor a library for plots. */
class WithoutNd4jTest {
  private static final int GROUPS = 5;
  private static final List<String> LEFT_OUT =
      List.of("nd4j", "deeplearning4j", "bytedeco", "xchart");

  @TempDir Path folder;

  @Test
  void anAnnotationJobRunsWithoutNd4jOnTheClassPath() throws Exception {
    Path log = folder.resolve("log.txt");
    List<String> withoutNd4j =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> LEFT_OUT.stream().noneMatch(entry::contains))
            .toList();
    Process child = start(String.join(File.pathSeparator, withoutNd4j), log);

    assertThat(child.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(child.exitValue()).as(Files.readString(log)).isZero();
    assertThat(loaded(log)).anyMatch(name -> name.startsWith("org.tastemaker.feedback.annotate"));
    assertThat(Jobs.judgements(folder.resolve("dataset.jsonl"))).hasSize(GROUPS);
    try (RunFolder run = RunFolder.open(folder.resolve("run"), Clock.systemUTC())) {
      assertThat(run.provenance().environment()).containsKey("java").doesNotContainKey("nd4j");
      assertThat(run.metrics()).hasSize(1);
    }
  }

  @Test
  void noClassOfNd4jIsLoadedWhereItIsOnTheClassPath() throws Exception {
    Path log = folder.resolve("log.txt");
    Process child = start(System.getProperty("java.class.path"), log);

    assertThat(child.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(child.exitValue()).as(Files.readString(log)).isZero();
    assertThat(loaded(log))
        .anyMatch(name -> name.startsWith("org.tastemaker.feedback.openai"))
        .noneMatch(name -> name.startsWith("org.nd4j"))
        .noneMatch(name -> name.startsWith("org.bytedeco"));
  }

  /** What the child runs: ChatGPT's path over HTTP to a server of its own, and a run's folder. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      Path folder = Path.of(args[0]);
      MockJudge judge =
          MockJudge.of(Greys::score, MockJudge.Options.defaults().withSeed(Seed.of(5)));
      try (LoopbackServer server = LoopbackServer.builder(judge).start();
          ChatGptOracle oracle = oracle(server.baseUrl());
          RunFolder run =
              RunFolder.create(
                  folder.resolve("run"),
                  Map.of("groups", GROUPS),
                  Provenance.capture(Clock.systemUTC()),
                  Clock.systemUTC())) {
        AnnotationJob.builder(
                folder.resolve("dataset.jsonl"), oracle, Greys.RUBRIC, oracle.settings())
            .build()
            .run(Jobs.groups(GROUPS));
        run.appendMetrics(1, Map.of("groups", (double) GROUPS));
        run.saveImage(1, "asked", ImageGrid.of(Jobs.groups(1).get(0).images()).draw());
      }
    }

    private static ChatGptOracle oracle(String server) {
      return ChatGptOracle.builder().baseUrl(server).withoutApiKey().model("mock").build();
    }
  }

  private Process start(String classPath, Path log) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            "-Xlog:class+load:stdout",
            "-cp",
            classPath,
            Child.class.getName(),
            folder.toString())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  /** The names in lines such as {@code [0.042s][info][class,load] java.lang.Object source: ...}. */
  private static List<String> loaded(Path log) throws Exception {
    return Files.readAllLines(log).stream()
        .filter(line -> line.contains("[class,load]"))
        .map(line -> line.substring(line.indexOf("[class,load]") + 12).strip())
        .map(rest -> rest.contains(" ") ? rest.substring(0, rest.indexOf(' ')) : rest)
        .collect(Collectors.toList());
  }
}
