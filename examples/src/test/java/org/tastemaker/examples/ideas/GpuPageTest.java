package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

/** What the page 'On a GPU' shows compiles and runs, as far as a processor allows. */
class GpuPageTest {
  private static final Path PAGE = Path.of("../docs/gpu.md");
  private static final String NAME = "AlignOnGpu";

  @TempDir Path folder;

  @Test
  void theProgramTrainsALora() throws Exception {
    Path model = folder.resolve("model");
    TinyFolder.write(model, List.of("a cat washing the dishes"), Seed.of(1));
    Path lora = folder.resolve("mine.safetensors");
    MockJudge redness = MockJudge.of((image, prompt) -> image.get(0, 0, 0));
    try (LoopbackServer server = LoopbackServer.builder(redness).start()) {
      String program = program();
      program = replace(program, "named(\"torch\")", "named(\"auto\")");
      program = replace(program, "rounds(50)", "rounds(1)");
      program = replace(program, "withSteps(20)", "withSteps(2)");
      program = replace(program, "all(prompts, 8)", "all(prompts, 2)");
      program = replace(program, "\"answers\"", literal(folder.resolve("answers")));
      program = replace(program, "\"mine.safetensors\"", literal(lora));
      program =
          replace(
              program,
              "model(\"gpt-4.1-mini\")",
              "model(\"mock\").baseUrl(\"" + server.baseUrl() + "\").withoutApiKey()");
      run(program, model.toString(), "cpu", "float32");
    }
    assertThat(movedFrom0(model, lora)).isTrue();
  }

  /** A new LoRA's second factor is 0 throughout. */
  private static boolean movedFrom0(Path folder, Path file) {
    try (LatentDiffusion model = LatentDiffusion.load(folder);
        Lora lora =
            Objects.requireNonNull(
                LoraFile.read(
                        file,
                        "mine",
                        Map.of(LoraNetwork.UNET, model.components().unet().parameters()))
                    .get(LoraNetwork.UNET))) {
      return lora.parameters().arrays().entrySet().stream()
          .filter(array -> array.getKey().endsWith(".up.weight"))
          .anyMatch(array -> array.getValue().amaxNumber().floatValue() > 0);
    }
  }

  @Test
  void itCompilesAsItIsShown() throws IOException {
    assertThat(errors(NAME, program())).isEmpty();
  }

  @Test
  void soDoTheLinesThatMoveAModel() throws IOException {
    String lines = blocks().stream().filter(b -> !b.contains("import ")).findFirst().orElseThrow();
    assertThat(
            errors(
                "Lines",
                "import org.tastemaker.diffusion.LatentDiffusion;\n"
                    + "import org.tastemaker.diffusion.engine.*;\n"
                    + "final class Lines { void run(LatentDiffusion model) {\n"
                    + lines
                    + "}}\n"))
        .isEmpty();
  }

  /** The profile of the programs and the page name the same artifacts, in the same version. */
  @Test
  void theProfileHasTheLibrariesThatThePageNames() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    String page = Files.readString(PAGE);
    assertThat(artifacts(pom)).isNotEmpty().isEqualTo(artifacts(page));
    MatchResult version =
        Pattern.compile("<version.cuda>(.*)</version.cuda>").matcher(pom).results().toList().get(0);
    assertThat(page).contains("<version>" + version.group(1) + "</version>");
  }

  private static Set<String> artifacts(String text) {
    Set<String> names = new TreeSet<>();
    Pattern.compile("<artifactId>(cuda-redist[\\w-]*)</artifactId>")
        .matcher(text)
        .results()
        .forEach(m -> names.add(m.group(1)));
    return names;
  }

  private void run(String program, String... args) throws Exception {
    assertThat(errors(NAME, program)).isEmpty();
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {folder.toUri().toURL()}, GpuPageTest.class.getClassLoader())) {
      loader.loadClass(NAME).getMethod("main", String[].class).invoke(null, (Object) args);
    }
  }

  /** Compiles into the folder. */
  private String errors(String name, String program) throws IOException {
    Path source = Files.writeString(folder.resolve(name + ".java"), program);
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK is needed")
        .run(
            null,
            null,
            new PrintStream(errors, true, UTF_8),
            "-proc:none",
            "-d",
            folder.toString(),
            "-classpath",
            System.getProperty("java.class.path"),
            source.toString());
    return errors.toString(UTF_8);
  }

  private static String program() throws IOException {
    return blocks().stream().filter(block -> block.contains(NAME)).findFirst().orElseThrow();
  }

  private static List<String> blocks() throws IOException {
    return Pattern.compile("(?ms)^```java\\n(.*?)^```$")
        .matcher(Files.readString(PAGE))
        .results()
        .map(block -> block.group(1))
        .toList();
  }

  private static String replace(String text, String old, String by) {
    assertThat(text).contains(old);
    return text.replace(old, by);
  }

  private static String literal(Path path) {
    return "\"" + path.toString().replace("\\", "\\\\") + "\"";
  }
}
