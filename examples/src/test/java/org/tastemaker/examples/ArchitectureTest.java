package org.tastemaker.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The structure that the modules and packages must keep. */
class ArchitectureTest {
  private static final String ROOT = "org.tastemaker.";
  private static final String ENGINE = ROOT + "diffusion.engine";

  /** Which modules a module may use, beside itself and core. */
  private static final Map<String, List<String>> USES =
      Map.of(
          "core", List.of(),
          "plot", List.of(),
          "diffusion", List.of(),
          "feedback", List.of(),
          "reward", List.of("diffusion"),
          "optim", List.of("diffusion"));

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
                                  "diffusion",
                                  "feedback",
                                  "reward",
                                  "optim",
                                  "examples",
                                  "benchmarks")
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
            .resideInAnyPackage(ROOT + "testing..", ROOT + "diffusion.testing.."));
  }

  @Test
  void packagesFormNoCycles() {
    check(slices().matching("org.tastemaker.(**)").should().beFreeOfCycles());
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
