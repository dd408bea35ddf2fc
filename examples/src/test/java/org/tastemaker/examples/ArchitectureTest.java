package org.tastemaker.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The structure that the modules and packages must keep. */
class ArchitectureTest {
  private static final String ROOT = "org.tastemaker.";
  private static final String CANCELLATION = ROOT + "core.Cancellation";
  private static final String ENGINE = ROOT + "diffusion.engine";

  /** Which modules a module may use, beside itself and core. */
  private static final Map<String, List<String>> USES =
      Map.of(
          "core", List.of(),
          "plot", List.of(),
          "watch", List.of(),
          "diffusion", List.of(),
          "feedback", List.of(),
          "datasets", List.of("feedback"),
          "human", List.of("feedback", "diffusion", "optim"),
          "reward", List.of("diffusion"),
          "optim", List.of("diffusion"));

  /**
   * The packages of each module from the bottom to the top: each may use those before it. A new
   * package is put where it belongs. The names are below the module's; an empty one is the module's
   * own package.
   */
  private static final Map<String, List<String>> ORDER =
      Map.of(
          "core", List.of("files", "json", "", "aggregate", "picture", "page", "run", "card"),
          "diffusion",
              List.of(
                  "weights",
                  "schedule",
                  "tokenizer",
                  "engine.graph",
                  "engine",
                  "model", // below the engines: it knows none of them
                  "checkpoint",
                  "condition",
                  "engine.nd4j",
                  "engine.onednn",
                  "cuda",
                  "torch",
                  "lora",
                  "train",
                  "",
                  "inspect"),
          "feedback",
              List.of(
                  "agreement",
                  "rubric",
                  "",
                  "protocol",
                  "resilience",
                  "cache",
                  "ledger",
                  "annotate",
                  "study",
                  "calibration",
                  "study.protocols",
                  "study.page",
                  "votes",
                  "openai",
                  "mock",
                  "server"),
          "datasets", List.of(""),
          "watch", List.of(""),
          "human", List.of("web", "desk", "", "improve", "annotate", "review"),
          "reward", List.of("combine", "image", "ranking", "learned", "clip"),
          "optim",
              List.of(
                  "policy",
                  "ddpo",
                  "dpok",
                  "likelihood",
                  "grpo",
                  "nft",
                  "direct",
                  "preference",
                  "hps",
                  "guard",
                  "zo",
                  "rows",
                  "spark",
                  "run"),
          "examples",
              List.of(
                  "console",
                  "measure",
                  "emoji",
                  "report",
                  "zo",
                  "align",
                  "methods",
                  "simulated",
                  "experiments",
                  "generators",
                  "people",
                  "ideas",
                  "",
                  "cli"));

  /**
   * Operations of ND4J 1.0.0-M2.1 whose value or gradient is wrong or missing, by the class that
   * offers them.
   */
  private static final Map<String, Set<String>> TRAPS =
      Map.of(
          "org.nd4j.autodiff.samediff.ops.SDNN",
          Set.of("gelu", "preciseGelu", "layerNorm", "logSoftmax", "batchNorm"),
          "org.nd4j.autodiff.samediff.ops.SDMath",
          Set.of("standardize", "embeddingLookup", "tensorMmul"),
          "org.nd4j.autodiff.samediff.ops.SDImage",
          Set.of("imageResize", "resizeBiLinear", "resizeBiCubic"),
          "org.nd4j.autodiff.samediff.ops.SDCNN",
          Set.of("conv2d"),
          "org.nd4j.autodiff.samediff.SameDiff",
          Set.of("variance", "gather", "where", "tensorMmul", "createGradFunction"),
          "org.nd4j.autodiff.samediff.ops.SDBaseOps",
          Set.of("variance", "gather", "where", "tensorMmul"));

  /** The packages of what tests share, which are no part of the library. */
  private static final String TESTING = "/testing/";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains(TESTING))
          .importPackages("org.tastemaker");

  /** Whoever sets a listener or a cancellation does so by one word, in every module. */
  @Test
  void listenersAndCancellationsAreSetByOneWordEach() {
    Map<String, String> words =
        Map.of("org.tastemaker.core.RunListener", "listener", CANCELLATION, "cancellation");
    Set<String> others = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      for (JavaMethod method : type.getMethods()) {
        List<JavaClass> parameters = method.getRawParameterTypes();
        String word = parameters.size() == 1 ? words.get(parameters.get(0).getName()) : null;
        boolean sets = method.getRawReturnType().equals(type);
        if (word != null
            && sets
            && method.getModifiers().contains(JavaModifier.PUBLIC)
            && type.getModifiers().contains(JavaModifier.PUBLIC)
            && !method.getName().equals(word)) {
          others.add(method.getFullName() + " should be called " + word);
        }
      }
    }
    assertThat(others).isEmpty();
  }

  @TestFactory
  List<DynamicTest> modulesUseOnlyWhatTheDesignLetsThem() {
    return USES.keySet().stream()
        .sorted()
        .map(
            module ->
                DynamicTest.dynamicTest(
                    module,
                    () -> {
                      String[] forbidden =
                          List.of(
                                  "core",
                                  "plot",
                                  "watch",
                                  "diffusion",
                                  "feedback",
                                  "datasets",
                                  "human",
                                  "reward",
                                  "optim",
                                  "examples",
                                  "benchmarks",
                                  "site")
                              .stream()
                              .filter(other -> !other.equals("core") && !other.equals(module))
                              .filter(other -> !uses(module).contains(other))
                              .map(other -> ROOT + other + "..")
                              .toArray(String[]::new);
                      check(
                          noClasses()
                              .that()
                              .resideInAPackage(ROOT + module + "..")
                              .should()
                              .dependOnClassesThat()
                              .resideInAnyPackage(forbidden));
                    }))
        .toList();
  }

  @Test
  void nothingButTestsUsesWhatTestsShare() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                ROOT + "testing..", ROOT + "diffusion.testing..", ROOT + "human.testing.."));
  }

  @Test
  void packagesFormNoCycles() {
    check(slices().matching("org.tastemaker.(**)").should().beFreeOfCycles());
  }

  @TestFactory
  List<DynamicTest> noPackageUsesWhatLiesAboveIt() {
    return ORDER.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(
            module ->
                DynamicTest.dynamicTest(
                    module.getKey(),
                    () -> assertThat(upward(ROOT + module.getKey(), module.getValue())).isEmpty()))
        .toList();
  }

  /** What a module's classes use of packages above their own, or of packages without a place. */
  private static Set<String> upward(String module, List<String> order) {
    Set<String> found = new TreeSet<>();
    for (JavaClass user : CLASSES) {
      if (!isIn(user, module)) {
        continue;
      }
      int place = order.indexOf(below(user, module));
      if (place < 0) {
        found.add(user.getPackageName() + " has no place in the order of the packages");
      }
      for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
        JavaClass used = dependency.getTargetClass();
        if (isIn(used, module) && order.indexOf(below(used, module)) > place) {
          found.add(user.getName() + " uses " + used.getName());
        }
      }
    }
    return found;
  }

  private static boolean isIn(JavaClass type, String module) {
    return (type.getPackageName() + ".").startsWith(module + ".");
  }

  private static String below(JavaClass type, String module) {
    String name = type.getPackageName();
    return name.equals(module) ? "" : name.substring(module.length() + 1);
  }

  /** A class with the classes in it, and with the builder that is generated for a record of it. */
  @Test
  void classesFormNoCircles() {
    check(slices().assignedFrom(new TopLevelClasses(CLASSES)).should().beFreeOfCycles());
  }

  private static final class TopLevelClasses implements SliceAssignment {
    private final Map<String, String> owners = new HashMap<>();

    TopLevelClasses(JavaClasses classes) {
      for (JavaClass type : classes) { // Ddpo.Options has the builder DdpoOptionsBuilder
        owners.put(type.getName().replace("$", "") + "Builder", topLevel(type.getName()));
      }
    }

    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      String name = topLevel(type.getName());
      boolean generated =
          CLASSES.contain(name + "$With") && owners.containsKey(name) && name.endsWith("Builder");
      return SliceIdentifier.of(generated ? owners.getOrDefault(name, name) : name);
    }

    @Override
    public String getDescription() {
      return "top-level classes";
    }

    private static String topLevel(String name) {
      int nested = name.indexOf('$');
      return nested < 0 ? name : name.substring(0, nested);
    }
  }

  @Test
  void librariesPrintNothing() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + "examples..", ROOT + "benchmarks..")
            .should()
            .accessTargetWhere(
                describe(
                    "is System.out or System.err",
                    access ->
                        access instanceof JavaFieldAccess
                            && access.getTargetOwner().isEquivalentTo(System.class)))
            .orShould()
            .callMethodWhere(
                describe(
                    "prints a stack trace",
                    access -> access.getTarget().getName().equals("printStackTrace"))));
  }

  @Test
  void nothingIsWrittenInTheDefaultLocale() {
    check(DefaultLocaleRule.rule());
  }

  @Test
  void noLibraryIsUsedThatNd4jHasShaded() {
    check(noClasses().should().dependOnClassesThat().resideInAPackage("org.nd4j.shade.."));
  }

  /** They read JSON with a shaded Jackson of 2022, and Java's serialization. */
  @Test
  void noFileIsReadByDeeplearning4jOrNd4j() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("org.deeplearning4j.util.ModelSerializer")
            .orShould()
            .callMethodWhere(
                describe(
                    "reads a file of ND4J's",
                    call ->
                        call.getTargetOwner().getName().equals("org.nd4j.linalg.factory.Nd4j")
                            && call.getName().matches("read.*|load.*"))));
  }

  @Test
  void randomnessIsSeeded() {
    check(
        noClasses()
            .should()
            .callConstructor(Random.class)
            .orShould()
            .accessTargetWhere(
                describe(
                    "draws from a source without a seed",
                    access ->
                        (access.getTargetOwner().isEquivalentTo(Math.class)
                                && access.getTarget().getName().equals("random"))
                            || access
                                .getTargetOwner()
                                .getName()
                                .equals("java.util.concurrent.ThreadLocalRandom")
                            || (access
                                    .getTargetOwner()
                                    .getName()
                                    .equals("org.nd4j.linalg.factory.Nd4j")
                                && access.getTarget().getName().matches("rand|randn|getRandom")))));
  }

  @Test
  void nothingButAnEngineImportsAnEngine() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(ENGINE + ".nd4j", ENGINE + ".onednn")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ENGINE + ".nd4j", ENGINE + ".onednn"));
  }

  @Test
  void onlyTheEnginesThatRunOpsOfNd4jReadSameDiff() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(ENGINE + ".nd4j", ENGINE + ".onednn")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.nd4j.autodiff..")
            .orShould()
            .dependOnClassesThat()
            .resideInAPackage("org.nd4j.linalg.api.ops.."));
  }

  @Test
  void theTrapsOfNd4jAreCalledInItsOwnEngineAlone() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(ENGINE + ".nd4j")
            .should()
            .accessTargetWhere(
                describe(
                    "is an operation of ND4J with a wrong or missing gradient",
                    access ->
                        TRAPS
                            .getOrDefault(access.getTargetOwner().getName(), Set.of())
                            .contains(access.getTarget().getName()))));
  }

  private static List<String> uses(String module) {
    return java.util.Objects.requireNonNull(USES.get(module));
  }

  private static DescribedPredicate<JavaAccess<?>> describe(
      String text, java.util.function.Predicate<JavaAccess<?>> predicate) {
    return DescribedPredicate.describe(text, predicate);
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }
}
