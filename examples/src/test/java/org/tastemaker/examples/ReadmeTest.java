package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.common.base.Splitter;
import com.google.common.reflect.ClassPath;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the README shows compiles, and what it names is there. */
class ReadmeTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");

  /** Names of other libraries. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "List", "java.util.List",
          "Map", "java.util.Map",
          "Collections", "java.util.Collections",
          "Path", "java.nio.file.Path",
          "Files", "java.nio.file.Files");

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
    List<String> blocks = blocks("java");
    assertThat(blocks).isNotEmpty();
    return blocks.stream()
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block.lines().findFirst().orElse("empty"),
                    () -> assertThat(errorsOf(block)).as(block).isEmpty()))
        .toList();
  }

  @Test
  void aBlockThatUsesSomethingMissingIsFound() throws IOException {
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
        blocks("sh").stream()
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
    List<String> targets =
        find("\\]\\(([^)#:]+)[^)]*\\)", text())
            .filter(m -> !m.group().contains("://"))
            .map(m -> m.group(1))
            .toList();
    assertThat(targets).isNotEmpty();
    assertThat(targets).allMatch(target -> Files.exists(ROOT.resolve(target)));
  }

  /** Puts a block into a method and compiles that. */
  private List<Diagnostic<?>> errorsOf(String block) throws IOException {
    StringBuilder parameters = new StringBuilder();
    GIVEN.forEach(
        (name, type) -> {
          boolean used = Pattern.compile("\\b" + name + "\\b").matcher(block).find();
          boolean declared =
              Pattern.compile("\\b[A-Z][\\w.<>]* " + name + "\\b *[=:]").matcher(block).find();
          if (used && !declared) {
            parameters.append(parameters.isEmpty() ? "" : ", ").append(type + " " + name);
          }
        });
    Map<String, String> index = publicClasses();
    StringBuilder imports = new StringBuilder();
    find("(?<![.\\w])[A-Z]\\w*", parameters + " " + block)
        .map(MatchResult::group)
        .distinct()
        .filter(index::containsKey)
        .forEach(name -> imports.append("import " + index.get(name) + ";\n"));
    String source =
        "%sfinal class Block {\n  void run(%s) throws Exception {\n%s\n  }\n}\n"
            .formatted(imports, parameters, block);

    JavaCompiler compiler =
        Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK is needed");
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-proc:none",
            "-d",
            classes.toString(),
            "-classpath",
            System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(null, null, diagnostics, options, null, List.of(new Source(source)))
            .call();
    List<Diagnostic<?>> errors = new ArrayList<>();
    for (Diagnostic<?> diagnostic : diagnostics.getDiagnostics()) {
      if (diagnostic.getKind() == Diagnostic.Kind.ERROR) {
        errors.add(diagnostic);
      }
    }
    assertThat(compiled).isEqualTo(errors.isEmpty());
    return errors;
  }

  /** Simple names of the public classes; the library's come before the examples'. */
  private static Map<String, String> publicClasses() throws IOException {
    Map<String, String> index = new TreeMap<>(OTHERS);
    ClassPath.from(ReadmeTest.class.getClassLoader())
        .getTopLevelClassesRecursive("org.tastemaker")
        .stream()
        .filter(info -> !info.getSimpleName().endsWith("Test"))
        .filter(info -> Modifier.isPublic(info.load().getModifiers()))
        .sorted(
            Comparator.comparing(
                info -> info.getPackageName().startsWith("org.tastemaker.examples")))
        .forEach(info -> index.putIfAbsent(info.getSimpleName(), info.getName()));
    return index;
  }

  private static boolean hasSource(String name) {
    String file = name.replace('.', '/') + ".java";
    return Stream.of("core", "diffusion", "feedback", "reward", "optim", "examples", "benchmarks")
        .anyMatch(module -> Files.exists(ROOT.resolve(module + "/src/main/java/" + file)));
  }

  private static List<String> blocks(String language) throws IOException {
    Matcher fence = FENCE.matcher(text());
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
    return Files.readString(ROOT.resolve("README.md"));
  }

  /** A source that is in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String code;

    Source(String code) {
      super(URI.create("string:///Block.java"), Kind.SOURCE);
      this.code = code;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return code;
    }
  }
}
