package org.tastemaker.examples.generators;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.console.Terminal;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.PromptRewriter;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options of {@code CompareGenerators}, and what it does. */
@Command(
    name = "CompareGenerators",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Compares a local model before and after its alignment and an image API, each with and"
            + " without rewritten prompts, by a judge that does not know whose image it sees.")
public final class CompareCommand implements Callable<Integer> {
  private static final String BEFORE = "local before";
  private static final String AFTER = "local after";
  private static final String API = "api";
  private static final Protocol PROTOCOL = Protocol.pairsInBothOrders(1);

  @Option(
      names = "--run",
      description = "Folder of the study; one in it is gone on with (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/ideas/compare-generators");

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "Prompts, one a line (default: eight names of emoji).")
  private @Nullable Path promptFile;

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images of each prompt and arm (default: ${DEFAULT-VALUE}).")
  private int images = 3;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "The local model, as diffusers stores it; needs --lora (default: the bundled).")
  private @Nullable Path model;

  @Option(
      names = "--lora",
      paramLabel = "FILE",
      description = "What the alignment learned (default: a short alignment of the bundled model).")
  private @Nullable Path lora;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds of that alignment (default: ${DEFAULT-VALUE}).")
  private int rounds = 16;

  @Option(
      names = "--side",
      paramLabel = "PIXELS",
      description = "The square that the judge sees (default: ${DEFAULT-VALUE}).")
  private int side = 32;

  @Option(
      names = "--image-model",
      paramLabel = "NAME",
      description =
          "A model of OpenAI's images, for money, with the key in OPENAI_API_KEY (default: a server"
              + " on this machine).")
  private @Nullable String imageModel;

  @Option(
      names = "--rewriter",
      paramLabel = "NAME",
      description =
          "The model that rewrites prompts, with --image-model (default: ${DEFAULT-VALUE}).")
  private String rewriter = "gpt-4.1-mini";

  @Option(names = "--base-url", description = "URL of another server with OpenAI's API.")
  private @Nullable String baseUrl;

  @Option(names = "--judge", description = "glyphs or chatgpt (default: ${DEFAULT-VALUE}).")
  private String judge = "glyphs";

  @Option(
      names = "--judge-model",
      paramLabel = "NAME",
      description = "Model that judges, with --judge chatgpt (default: ${DEFAULT-VALUE}).")
  private String judgeModel = "gpt-4.1-mini";

  @Option(
      names = "--price",
      paramLabel = "IN,OUT",
      description = "Price per million tokens of the judge and the rewriter.")
  private @Nullable String price;

  @Option(names = "--image-price", paramLabel = "X", description = "Price of an image of the API.")
  private @Nullable String imagePrice;

  @Option(
      names = "--currency",
      description = "Currency of prices and budget (default: ${DEFAULT-VALUE}).")
  private String currency = "USD";

  @Option(
      names = "--budget",
      description = "The most that may be spent in this folder (default: what is estimated).")
  private @Nullable BigDecimal budget;

  @Option(names = "--yes", description = "Accept the estimated cost without asking.")
  private boolean yes;

  @Option(
      names = "--seed",
      description = "Of images, sides, order and intervals (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  private final PrintWriter out;
  private final Optional<UnaryOperator<@Nullable String>> asking;

  private CompareCommand(PrintWriter out, Optional<UnaryOperator<@Nullable String>> asking) {
    this.out = out;
    this.asking = asking;
  }

  /**
   * Runs the command.
   *
   * @param args see {@code --help}
   * @param out receives what it says
   * @param err receives what goes wrong
   * @return the exit code: 0 done, 1 failed, 2 wrong arguments
   */
  public static int run(List<String> args, PrintWriter out, PrintWriter err) {
    CompareCommand command =
        new CompareCommand(
            out, Terminal.console().map(console -> text -> console.readLine("%s", text)));
    return FileNames.in(new CommandLine(command))
        .setOut(out)
        .setErr(err)
        .setExecutionExceptionHandler(Failures.in(() -> command.run))
        .execute(args.toArray(String[]::new));
  }

  @Override
  public Integer call() throws IOException {
    boolean paidJudge = judge.equals("chatgpt");
    check(paidJudge);
    List<String> texts = texts();
    Optional<EmojiTask> task = task(texts, paidJudge);
    List<Prompt> prompts = texts.stream().map(Prompt::of).toList();
    GeneratorStudy study = new GeneratorStudy(run, prompts, options());
    String name = paidJudge ? judgeModel : "glyphs";
    PriceTable prices = prices();
    try (Ledger ledger = ledger(study.work(name), prompts, prices, paidJudge)) {
      makeImages(study, ledger);
      Path learned = lora != null ? lora : aligned(texts);
      try (LatentDiffusion after = AlignedModel.load(this::local, learned)) {
        study.make(Source.local(AFTER, after));
      }
      out.println("judging");
      out.flush();
      GeneratorStudy.Result result;
      if (paidJudge) {
        try (ChatGptOracle oracle =
            chatGpt().cache(run.resolve("answers")).ledger(ledger).build()) {
          result = study.judged(name, oracle, Rubrics.consistency());
        }
      } else {
        result = study.judged(name, glyphs(task.orElseThrow()), Rubrics.consistency());
      }
      write(study, prompts, result, name);
      if (ledger.totals().usage().requests() > 0) {
        out.printf(
            Locale.ROOT,
            "spent so far: %s %s in %,d calls%n",
            ledger.totals().cost().toPlainString(),
            ledger.totals().currency(),
            ledger.totals().usage().requests());
      }
    }
    return 0;
  }

  private void check(boolean paidJudge) {
    require(
        paidJudge || judge.equals("glyphs"),
        "--judge must be glyphs or chatgpt, but was '" + judge + "'");
    require(images >= 1, "--images must be at least 1, but was " + images);
    require(rounds >= 1, "--rounds must be at least 1, but was " + rounds);
    require(
        model == null || lora != null,
        "--model needs --lora: the short alignment is of the bundled model");
    require(
        lora == null || Files.exists(lora), "--lora names " + lora + ", but there is no such file");
    if (paidJudge || imageModel != null) {
      require(
          baseUrl != null || System.getenv("OPENAI_API_KEY") != null,
          "--image-model and --judge chatgpt need the environment variable OPENAI_API_KEY, or"
              + " --base-url with a server that needs no key");
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  private List<String> texts() throws IOException {
    List<String> texts =
        promptFile == null
            ? EmojiTask.quickPrompts()
            : Files.readAllLines(promptFile).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .distinct()
                .toList();
    require(!texts.isEmpty(), promptFile + " has no prompts");
    return texts;
  }

  /** The glyph judge and the short alignment need names of emoji. */
  private Optional<EmojiTask> task(List<String> texts, boolean paidJudge) {
    return paidJudge && lora != null
        ? Optional.empty()
        : Optional.of(EmojiTask.consistency(BundledModel.judge(), texts));
  }

  private GeneratorStudy.Options options() {
    Settings settings =
        Settings.none()
            .with("model", model == null ? "bundled" : model.toString())
            .with("lora", lora == null ? rounds + " rounds" : lora.toString())
            .with("imageModel", imageModel == null ? ImageService.SIMULATED : imageModel)
            .with("rewriter", imageModel == null ? ImageService.SIMULATED : rewriter);
    return new GeneratorStudy.Options(
        List.of(BEFORE, AFTER, API), images, side, Seed.of(seed), settings);
  }

  private LatentDiffusion local() {
    return model == null ? BundledModel.load() : LatentDiffusion.load(model);
  }

  private void makeImages(GeneratorStudy study, Ledger ledger) {
    out.println("making images in " + run.resolve("images"));
    out.flush();
    try (LatentDiffusion before = local();
        ImageService service =
            imageModel != null
                ? ImageService.real(imageModel, rewriter, baseUrl, ledger)
                : ImageService.simulated(
                    before.with(BundledModel.sampling().withSteps(7).withGuidanceScale(1)),
                    // Another one each time: its k-th image of a text is always the same.
                    Seed.of(seed).split(study.work("").images().getOrDefault(API, 0)))) {
      study.rewrite(service.rewriter());
      study.make(Source.remote(API, service.images()));
      study.make(Source.local(BEFORE, before));
    }
  }

  private Path aligned(List<String> texts) {
    try (ConsoleProgress progress = ConsoleProgress.of("round", rounds)) {
      return AlignedModel.lora(run, texts, rounds, progress);
    }
  }

  private static DescribedOracle glyphs(EmojiTask task) {
    MockJudge mock =
        MockJudge.of(
            (image, prompt) -> task.score().applyAsDouble(image.resized(32, 32), prompt),
            MockJudge.Options.defaults().withTieThreshold(0.03).withName("glyphs"));
    return JudgeOracle.builder(mock).protocol(PROTOCOL).seed(Seed.of(0)).build();
  }

  private ChatGptOracle.Builder chatGpt() {
    ChatGptOracle.Builder builder = ChatGptOracle.builder().model(judgeModel).protocol(PROTOCOL);
    if (baseUrl != null) {
      builder.baseUrl(baseUrl);
      if (System.getenv("OPENAI_API_KEY") == null) {
        builder.withoutApiKey();
      }
    }
    return builder;
  }

  private PriceTable prices() {
    Map<String, Price> prices = new HashMap<>();
    if (price != null) {
      List<String> parts = Splitter.on(',').trimResults().splitToList(price);
      require(parts.size() == 2, "--price is IN,OUT, such as 0.40,1.60, but was '" + price + "'");
      prices.put(judgeModel, Price.perMillionTokens(parts.get(0), parts.get(1)));
      prices.put(rewriter, Price.perMillionTokens(parts.get(0), parts.get(1)));
    }
    if (imagePrice != null && imageModel != null) {
      prices.put(imageModel, Price.perRequest(imagePrice));
    }
    return prices.isEmpty()
        ? PriceTable.none()
        : PriceTable.of(currency.toUpperCase(Locale.ROOT), prices);
  }

  /** Says what is paid for, asks, and opens the ledger with the budget. */
  private Ledger ledger(
      GeneratorStudy.Work work, List<Prompt> prompts, PriceTable prices, boolean paidJudge) {
    Bill bill = new Bill(prices);
    if (imageModel != null) {
      int rewrite = PromptRewriter.Options.INSTRUCTIONS.length() / 3 + 200;
      bill.add(
          work.rewrites() + " prompts rewritten",
          rewriter,
          new Usage(work.rewrites(), (long) rewrite * work.rewrites(), 0, 520L * work.rewrites()));
      int made = work.images().getOrDefault(API, 0);
      bill.add(made + " images", imageModel, new Usage(made, 350L * made, 0, 0));
    }
    if (paidJudge && work.pairs() > 0) {
      bill.add(work.pairs() + " pairs judged", judgeModel, judging(prompts.get(0), work.pairs()));
    }
    Path file = run.resolve("ledger.jsonl");
    if (bill.isEmpty()) {
      out.println(
          "Nothing is left to be paid for: images, rewriter and judge are on this machine,"
              + " or everything is there.");
      return Ledger.inMemory(prices, Budget.unlimited());
    }
    bill.say(out);
    Ledger.Totals spent;
    try (Ledger before = Ledger.open(file, prices, Budget.unlimited(), Clock.systemUTC())) {
      spent = before.totals();
    }
    var limit = bill.budget(budget, spent.cost(), spent.usage().requests());
    out.println("The study stops at a budget of " + limit + "; spent so far: " + spent.cost());
    out.flush();
    Bill.confirm(yes, asking);
    return Ledger.open(file, prices, limit, Clock.systemUTC());
  }

  /** Images of one size cost the same, whatever they show. */
  private Usage judging(Prompt prompt, int pairs) {
    ImageGroup group =
        new ImageGroup(
            prompt, List.of(Image.filled(side, side, 0, 0, 0), Image.filled(side, side, 1, 1, 1)));
    try (ChatGptOracle oracle = chatGpt().build()) {
      Usage one = oracle.estimate(List.of(group), Rubrics.consistency()).usage();
      return new Usage(
          one.requests() * pairs,
          one.inputTokens() * pairs,
          one.cachedInputTokens() * pairs,
          one.outputTokens() * pairs);
    }
  }

  private void write(
      GeneratorStudy study, List<Prompt> prompts, GeneratorStudy.Result result, String name) {
    String head =
        String.format(
            Locale.ROOT,
            "%d prompts, %d images of each for each arm; judge: %s, each pair in both orders; image"
                + " API: %s; rewriter: %s.%s",
            prompts.size(),
            images,
            name,
            imageModel == null ? "a server on this machine" : imageModel,
            imageModel == null ? "the same server" : rewriter,
            study.rewritten().refused().isEmpty()
                ? ""
                : " Not rewritten: " + study.rewritten().refused());
    StudyTables page = new StudyTables(result);
    AtomicFiles.write(run.resolve("result.md"), page.markdown(head));
    AtomicFiles.write(run.resolve("result.csv"), page.csv());
    page.draw(study, prompts, run.resolve("images.png"));
    out.print(page.markdown(head));
    out.println("written to " + run.resolve("result.md") + ", result.csv and images.png");
    out.flush();
  }
}
