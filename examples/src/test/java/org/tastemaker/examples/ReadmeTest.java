package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the README and the pages in docs show compiles, and what they name is there. */
class ReadmeTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final String README = "README.md";
  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```(\\w*)\\n(.*?)^ *```$");

  /** What a block may use without declaring it. */
  private static final Map<String, String> GIVEN =
      Map.ofEntries(
          Map.entry("model", "LatentDiffusion"),
          Map.entry("sampler", "DiffusionSampler"),
          Map.entry("oracle", "FeedbackOracle"),
          Map.entry("reward", "RewardModel"),
          Map.entry("optimizer", "PolicyOptimizer"),
          Map.entry("prompts", "List<Prompt>"),
          Map.entry("prompt", "Prompt"),
          Map.entry("rubric", "Rubric"),
          Map.entry("seed", "Seed"),
          Map.entry("groups", "List<ImageGroup>"),
          Map.entry("folder", "Path"),
          Map.entry("path", "Path"),
          Map.entry("lora", "Lora"),
          Map.entry("run", "AlignmentRun"),
          Map.entry("options", "Desk.Options"));

  /** Spark is not on this class path. Whole programs are compiled by {@code GpuPageTest}. */
  private static final Set<String> ELSEWHERE = Set.of("docs/spark.md");

  @TempDir Path classes;

  @TestFactory
  List<DynamicTest> everyBlockOfJavaCompiles() throws IOException {
    assertThat(blocks(README, "java")).isNotEmpty();
    assertThat(pages()).contains("docs/getting-started.md", "docs/guides/own-parts.md");
    List<CodeBlocks.Block> all = new ArrayList<>();
    for (String page : pages()) {
      for (String block : blocks(page, "java")) {
        if (!block.contains("import ") && !ELSEWHERE.contains(page)) {
          String name = page + ": " + block.lines().findFirst().orElse("empty");
          all.add(new CodeBlocks.Block(name + " " + all.size(), "", block, GIVEN));
        }
      }
    }
    Map<String, List<Diagnostic<?>>> errors = new CodeBlocks(classes).errorsOf(all);
    return all.stream()
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block.name(),
                    () ->
                        assertThat(errors.getOrDefault(block.name(), List.of()))
                            .as(block.code())
                            .isEmpty()))
        .toList();
  }

  @Test
  void aBlockThatUsesSomethingMissingIsFound() {
    assertThat(errorsOf("Rollout rollout = sampler.rollOut(prompts, seed);"))
        .singleElement()
        .asString()
        .contains("cannot find symbol");
    assertThat(errorsOf("Rolout rollout = null;")).isNotEmpty();
  }

  @Test
  void everyClassExists() throws IOException {
    TreeSet<String> names = new TreeSet<>();
    find("org\\.tastemaker(\\.[a-z]+)+\\.[A-Z]\\w*", text()).forEach(m -> names.add(m.group()));
    find("`((core|diffusion|feedback|reward|optim|examples)(\\.[a-z]+)+\\.[A-Z]\\w*)`", text())
        .forEach(m -> names.add("org.tastemaker." + m.group(1)));
    assertThat(names).isNotEmpty();
    assertThat(names).allMatch(ReadmeTest::hasSource);
  }

  @Test
  void everyMainClassCanBeRun() throws Exception {
    List<MatchResult> mains = find("-Dexec\\.mainClass=([\\w.]+)", text()).toList();
    assertThat(mains).isNotEmpty();
    for (MatchResult main : mains) {
      assertThatCode(() -> Class.forName(main.group(1)).getMethod("main", String[].class))
          .as(main.group())
          .doesNotThrowAnyException();
    }
  }

  @Test
  void theQuickStartTakesTheArgumentsThatAreShown() throws IOException {
    List<String> commands = new ArrayList<>();
    for (String page : pages()) {
      blocks(page, "sh").stream()
          .flatMap(String::lines)
          .filter(line -> line.contains("exec:java") && !line.contains("exec.mainClass"))
          .forEach(commands::add);
    }
    assertThat(commands).isNotEmpty();
    for (String command : commands) {
      List<String> args = new ArrayList<>();
      find("-Dexec\\.args=\"([^\"]*)\"", command)
          .forEach(m -> args.addAll(Splitter.on(' ').splitToList(m.group(1))));
      assertThatCode(() -> new CommandLine(new QuickStart()).parseArgs(args.toArray(String[]::new)))
          .as(command)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void theReadmeIsTwoScreens() throws IOException {
    assertThat(Files.readAllLines(ROOT.resolve(README))).hasSizeBetween(90, 130);
  }

  @Test
  void theReadmeBeginsWithTheTwoCommands() throws IOException {
    assertThat(blocks(README, "sh").get(0).lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("./mvnw -q -pl examples -am compile exec:java "),
            line -> assertThat(line).startsWith("./mvnw verify "));
  }

  private List<Diagnostic<?>> errorsOf(String block) {
    return new CodeBlocks(classes).errorsOf(new CodeBlocks.Block("README", "", block, GIVEN));
  }

  private static boolean hasSource(String name) {
    String file = name.replace('.', '/') + ".java";
    // What runs on Spark is beside that module's tests, which have a Spark.
    return Files.exists(ROOT.resolve("optim/spark/src/test/java/" + file))
        || Stream.of("core", "diffusion", "feedback", "reward", "optim", "examples", "benchmarks")
            .anyMatch(module -> Files.exists(ROOT.resolve(module + "/src/main/java/" + file)));
  }

  private static List<String> blocks(String page, String language) throws IOException {
    Matcher fence = FENCE.matcher(Files.readString(ROOT.resolve(page)));
    return fence
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2))
        .toList();
  }

  private static Stream<MatchResult> find(String regex, String in) {
    return Pattern.compile(regex).matcher(in).results();
  }

  /** All pages in one. */
  private static String text() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String page : pages()) {
      text.append(Files.readString(ROOT.resolve(page)));
    }
    return text.toString();
  }

  /** The README and the pages in docs, from the project's folder. */
  static List<String> pages() throws IOException {
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"));
        Stream<Path> guides = Files.list(ROOT.resolve("docs").resolve("guides"))) {
      return Stream.concat(
              Stream.of(README),
              Stream.concat(docs, guides)
                  .map(file -> ROOT.relativize(file).toString().replace('\\', '/'))
                  .filter(page -> page.endsWith(".md"))
                  .sorted())
          .toList();
    }
  }
}
