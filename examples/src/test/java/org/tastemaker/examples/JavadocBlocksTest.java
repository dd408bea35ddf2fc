package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every block of code in the documentation comments of the library and the examples compiles. */
class JavadocBlocksTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*\\*.*?\\*/");
  private static final Pattern BLOCK =
      Pattern.compile("(?s)<pre>\\s*\\{@code\\b(.*?)\\}\\s*</pre>|\\{@snippet\\s*:(.*?)\\n\\s*\\}");

  /** What a block may use without declaring it. */
  private static final Map<String, String> GIVEN =
      Map.ofEntries(
          Map.entry("model", "LatentDiffusion"),
          Map.entry("sampler", "DiffusionSampler"),
          Map.entry("oracle", "FeedbackOracle"),
          Map.entry("reward", "RewardModel"),
          Map.entry("rewardModel", "RewardModel"),
          Map.entry("optimizer", "PolicyOptimizer"),
          Map.entry("prompts", "List<Prompt>"),
          Map.entry("prompt", "Prompt"),
          Map.entry("rubric", "Rubric"),
          Map.entry("seed", "Seed"),
          Map.entry("seeds", "List<Seed>"),
          Map.entry("images", "List<Image>"),
          Map.entry("groups", "List<ImageGroup>"),
          Map.entry("rollout", "Rollout"),
          Map.entry("folder", "Path"),
          Map.entry("path", "Path"),
          Map.entry("config", "Map<String, String>"),
          Map.entry("provenance", "Provenance"),
          Map.entry("lora", "Lora"),
          Map.entry("unet", "UNet2DConditionModel"),
          Map.entry("cancellation", "Cancellation"));

  /**
   * Modules that are not on this class path: benchmarks have no blocks, the one block for tests of
   * engines is what the tests of the engine on LibTorch do, and Spark's are what its tests do, with
   * Spark's own jars.
   */
  private static final Set<String> ELSEWHERE =
      Set.of("benchmarks", "diffusion/testing", "optim/spark");

  /** What is of another type, or known to a block only, by the class that shows it. */
  private static final Map<String, Map<String, String>> OWN = own();

  @TempDir Path classes;

  private static Map<String, Map<String, String>> own() {
    Map<String, Map<String, String>> own = new TreeMap<>();
    own.put("plot/LinePlot", all("double[]", "rounds", "rewards", "others", "low", "high"));
    own.put("core/Seed", Map.of("i", "int", "step", "int", "noise", "float[]"));
    own.put("core/picture/ImageGrid", Map.of("texts", "List<String>"));
    own.put("core/run/RunFolder", Map.of("step", "long"));
    own.put("core/run/Settings", Map.of("options", "Record", "saved", "Settings"));
    own.put("diffusion/engine/graph/Ops", Map.of("weight", "INDArray"));
    own.put(
        "diffusion/schedule/Scheduler",
        with(all("FloatBuffer", "sample", "input", "output", "noise"), "scheduler", "Scheduler"));
    own.put("diffusion/schedule/SchedulerConfig", Map.of("model", "Path"));
    own.put("diffusion/tokenizer/ClipTokenizer", Map.of("model", "Path"));
    own.put(
        "diffusion/train/GradientViews",
        Map.of(
            "function", "GraphFunction",
            "cotangents", "Map<String, INDArray>",
            "optimizer", "AdamW",
            "rate", "double",
            "weights", "List<FloatBuffer>"));
    own.put(
        "diffusion/train/package-info",
        Map.ofEntries(
            Map.entry("textEncoder", "ClipTextModel"),
            Map.entry("scheduler", "SchedulerConfig"),
            Map.entry("emptyPrompt", "ImmutableIntArray"),
            Map.entry("folder", "RunFolder"),
            Map.entry("batches", "BatchSource<CaptionedLatents>"),
            Map.entry("gradients", "LinkedHashMap<String, FloatBuffer>"),
            Map.entry("optimizer", "AdamW"),
            Map.entry("average", "Ema"),
            Map.entry("rate", "double"),
            Map.entry("parameters", "List<FloatBuffer>")));
    own.put("diffusion/weights/SafetensorsWriter", Map.of("weight", "INDArray"));
    own.put(
        "examples/report/AlignmentReport",
        with(
            all("double[]", "x", "y", "low", "high"),
            "before",
            "Map<String, double[]>",
            "after",
            "Map<String, double[]>",
            "pairs",
            "List<BeforeAfter>",
            "emojiBefore",
            "EmojiReport",
            "emojiAfter",
            "EmojiReport",
            "groups",
            "List<JudgedGroup>"));
    own.put("diffusion/EncodedImages", Map.of("order", "EpochOrder", "captions", "List<String>"));
    own.put(
        "feedback/calibration/CalibratedOracle",
        Map.of("oracle", "ChatGptOracle", "study", "Path", "dataset", "Path"));
    own.put(
        "feedback/calibration/CalibrationLearner",
        Map.of("votes", "List<VotedGroup>", "dataset", "Path", "clock", "Clock"));
    own.put(
        "feedback/calibration/JudgePanel",
        Map.of(
            "large", "ChatGptOracle",
            "calibrationOfLarge", "JudgeCalibration",
            "votes", "List<VotedGroup>"));
    own.put(
        "feedback/annotate/AnnotationJob",
        Map.of("oracle", "ChatGptOracle", "progressBar", "RunListener"));
    own.put(
        "feedback/ledger/Ledger",
        Map.of("ledger", "Ledger", "estimate", "Usage", "used", "Usage", "requestId", "String"));
    own.put("feedback/openai/ChatGptOracle", Map.of("fourImages", "List<Image>"));
    own.put("feedback/protocol/JudgeOracle", Map.of("judge", "Judge"));
    own.put("human/web/PageServer", Map.of("page", "Page", "out", "java.io.PrintStream"));
    own.put(
        "human/review/ReviewPage",
        Map.of(
            "dataset",
            "Path",
            "log",
            "Path",
            "clock",
            "Clock",
            "people",
            "List<String>",
            "images",
            "Path"));
    own.put("watch/TensorBoardListener", Map.of("run", "AlignmentRun"));
    own.put("watch/MlflowListener", Map.of("run", "AlignmentRun"));
    own.put("watch/LivePage", Map.of("run", "AlignmentRun"));
    own.put("watch/CsvListener", Map.of("run", "AlignmentRun"));
    own.put("watch/package-info", Map.of("run", "AlignmentRun"));
    own.put("feedback/server/LoopbackServer", Map.of("score", "ToDoubleBiFunction<Image, Prompt>"));
    own.put(
        "optim/policy/DiffusionPolicy",
        with(all("int[]", "images", "steps"), "weights", "double[]"));
    own.put(
        "optim/rows/RowSampler",
        Map.of(
            "carrier",
            "RowCarrier",
            "recipe",
            "ModelRecipe",
            "policy",
            "DiffusionPolicy",
            "prompts",
            "PromptSource"));
    own.put(
        "optim/rows/RowGradients",
        Map.of(
            "recipe", "ModelRecipe",
            "options", "Ddpo.Options",
            "policy", "DiffusionPolicy",
            "driver", "RowDriver"));
    own.put(
        "optim/rows/JudgedAhead",
        Map.of(
            "carrier", "RowCarrier",
            "answers", "Path",
            "budget", "RowBudget",
            "factory", "OracleFactory",
            "dataset", "Path"));
    own.put("optim/run/LearningCheck", Map.of("policy", "DiffusionPolicy"));
    own.put("optim/rows/RowServer", Map.of("setup", "RowSetup", "secret", "String"));
    own.put(
        "optim/rows/package-info",
        Map.of(
            "recipe", "ModelRecipe",
            "factory", "OracleFactory",
            "secret", "String",
            "workers", "List<java.net.URI>",
            "prompts", "PromptSource",
            "budget", "RowBudget",
            "policy", "DiffusionPolicy"));
    own.put(
        "optim/run/AlignmentRun",
        Map.of(
            "policy", "DiffusionPolicy",
            "heldOut", "List<Prompt>",
            "folder", "RunFolder"));
    own.put(
        "optim/run/SearchRun",
        Map.of(
            "adapted", "LatentDiffusion",
            "gains", "LoraGains",
            "heldOut", "List<Prompt>",
            "score", "RewardModel",
            "folder", "RunFolder"));
    own.put("reward/combine/WeightedReward", all("RewardModel", "debiasing", "penalty"));
    return own;
  }

  private static Map<String, String> all(String type, String... names) {
    Map<String, String> given = new HashMap<>();
    for (String name : names) {
      given.put(name, type);
    }
    return given;
  }

  private static Map<String, String> with(Map<String, String> some, String... more) {
    Map<String, String> given = new HashMap<>(some);
    for (int i = 0; i < more.length; i += 2) {
      given.put(more[i], more[i + 1]);
    }
    return given;
  }

  @Test
  void everyBlockCompiles() throws IOException {
    List<CodeBlocks.Block> blocks = blocks();
    assertThat(blocks).hasSizeGreaterThan(30);

    Map<String, List<Diagnostic<?>>> errors = new CodeBlocks(classes).errorsOf(blocks);

    assertThat(
            errors.entrySet().stream()
                .map(
                    entry ->
                        entry.getKey()
                            + ":\n"
                            + entry.getValue().stream()
                                .map(error -> "  " + error)
                                .collect(Collectors.joining("\n")))
                .collect(Collectors.joining("\n")))
        .isEmpty();
  }

  @Test
  void everyContextBelongsToABlock() throws IOException {
    List<String> files =
        blocks().stream()
            .map(block -> block.name().replaceAll(" block .*", ""))
            .distinct()
            .toList();
    assertThat(files).containsAll(OWN.keySet());
  }

  @Test
  void aBlockIsFoundInEveryForm() {
    String comment =
        """
        /**
         * A.
         *
         * <pre>{@code
         * Seed a = Seed.of(1);
         * if (a.key() == 1) {
         *   a.split(2);
         * }
         * }</pre>
         *
         * <pre>
         * no code
         * </pre>
         *
         * {@snippet :
         * Seed b = Seed.of(2);
         * }
         */
        """;
    assertThat(codeIn(comment))
        .containsExactly(
            "Seed a = Seed.of(1);\nif (a.key() == 1) {\n  a.split(2);\n}", "Seed b = Seed.of(2);");
  }

  private static List<CodeBlocks.Block> blocks() throws IOException {
    List<CodeBlocks.Block> blocks = new ArrayList<>();
    for (Path file : sources()) {
      String path = file.toString().replace('\\', '/');
      String inside = path.substring(path.indexOf("src/main/java/") + "src/main/java/".length());
      String home = inside.substring(0, inside.lastIndexOf('/')).replace('/', '.');
      String shown = inside.substring("org/tastemaker/".length()).replace(".java", "");
      Map<String, String> given = new HashMap<>(GIVEN);
      given.putAll(OWN.getOrDefault(shown, Map.of()));
      int number = 0;
      for (String code : codeIn(Files.readString(file))) {
        blocks.add(new CodeBlocks.Block(shown + " block " + ++number, home, code, given));
      }
    }
    return blocks;
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    Matcher modules =
        Pattern.compile("<module>([^<]+)</module>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    while (modules.find()) {
      Path main = ROOT.resolve(modules.group(1)).resolve("src/main/java");
      if (Files.isDirectory(main) && !ELSEWHERE.contains(modules.group(1))) {
        try (Stream<Path> files = Files.walk(main)) {
          files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
        }
      }
    }
    return sources;
  }

  /** The blocks of all comments, without the asterisks. */
  private static List<String> codeIn(String source) {
    List<String> code = new ArrayList<>();
    COMMENT
        .matcher(source)
        .results()
        .map(MatchResult::group)
        .map(comment -> comment.replaceAll("(?m)^\\s*\\* ?", ""))
        .forEach(
            comment -> {
              Matcher block = BLOCK.matcher(comment);
              while (block.find()) {
                String body = block.group(1) != null ? block.group(1) : block.group(2);
                code.add(body.strip());
              }
            });
    return code;
  }
}
