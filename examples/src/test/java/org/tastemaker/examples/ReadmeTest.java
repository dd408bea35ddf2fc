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

/** What the README and the page for beginners show compiles, and what they name is there. */
class ReadmeTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final String README = "README.md";
  private static final String BEGINNERS = "docs/getting-started.md";
  private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");

  /** What a block may use without declaring it. */
  private static final Map<String, String> GIVEN =
      Map.of(
          "model", "LatentDiffusion",
          "sampler", "DiffusionSampler",
          "oracle", "FeedbackOracle",
          "reward", "RewardModel",
          "optimizer", "PolicyOptimizer",
          "prompts", "List<Prompt>",
          "prompt", "Prompt",
          "rubric", "Rubric",
          "seed", "Seed");

  @TempDir Path classes;

  @TestFactory
  List<DynamicTest> everyBlockOfJavaCompiles() throws IOException {
    assertThat(blocks(README, "java")).isNotEmpty();
    assertThat(blocks(BEGINNERS, "java")).isNotEmpty();
    return Stream.concat(blocks(README, "java").stream(), blocks(BEGINNERS, "java").stream())
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block.lines().findFirst().orElse("empty"),
                    () -> assertThat(errorsOf(block)).as(block).isEmpty()))
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
    List<String> commands =
        blocks(README, "sh").stream()
            .flatMap(String::lines)
            .filter(line -> line.contains("exec:java") && !line.contains("exec.mainClass"))
            .toList();
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
  void everyLinkIntoTheProjectLeadsSomewhere() throws IOException {
    for (String page : List.of(README, BEGINNERS)) {
      Path file = ROOT.resolve(page);
      List<String> targets =
          find("\\]\\(([^)#:]+)[^)]*\\)", Files.readString(file))
              .filter(m -> !m.group().contains("://"))
              .map(m -> m.group(1))
              .toList();
      assertThat(targets).as(page).isNotEmpty();
      assertThat(targets).as(page).allMatch(it -> Files.exists(file.resolveSibling(it)));
    }
  }

  private List<Diagnostic<?>> errorsOf(String block) {
    return new CodeBlocks(classes).errorsOf(new CodeBlocks.Block("README", "", block, GIVEN));
  }

  private static boolean hasSource(String name) {
    String file = name.replace('.', '/') + ".java";
    return Stream.of("core", "diffusion", "feedback", "reward", "optim", "examples", "benchmarks")
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

  private static String text() throws IOException {
    return Files.readString(ROOT.resolve(README));
  }
}
