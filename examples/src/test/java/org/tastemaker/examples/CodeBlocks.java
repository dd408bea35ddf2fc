package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.reflect.ClassPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the code that documents show, each block as the body of a method. */
final class CodeBlocks {
  /** Names of other libraries. */
  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry("List", "java.util.List"),
          Map.entry("Map", "java.util.Map"),
          Map.entry("LinkedHashMap", "java.util.LinkedHashMap"),
          Map.entry("Collections", "java.util.Collections"),
          Map.entry("Optional", "java.util.Optional"),
          Map.entry("Path", "java.nio.file.Path"),
          Map.entry("Files", "java.nio.file.Files"),
          Map.entry("OptionalDouble", "java.util.OptionalDouble"),
          Map.entry("Clock", "java.time.Clock"),
          Map.entry("Duration", "java.time.Duration"),
          Map.entry("RandomGenerator", "java.util.random.RandomGenerator"),
          Map.entry("FloatBuffer", "java.nio.FloatBuffer"),
          Map.entry("ToDoubleBiFunction", "java.util.function.ToDoubleBiFunction"),
          Map.entry("LongFunction", "java.util.function.LongFunction"),
          Map.entry("ImmutableIntArray", "com.google.common.primitives.ImmutableIntArray"),
          Map.entry("INDArray", "org.nd4j.linalg.api.ndarray.INDArray"),
          Map.entry("DataType", "org.nd4j.linalg.api.buffer.DataType"));

  /** Its classes cannot be loaded without Spark, which is not on this class path. */
  private static final String ON_SPARK = "org.tastemaker.optim.spark";

  private final Path classes;
  private final Map<String, String> index;

  /**
   * A compiler.
   *
   * @param classes a folder for what is compiled
   */
  CodeBlocks(Path classes) {
    this.classes = classes;
    this.index = publicClasses();
  }

  /**
   * A block of code.
   *
   * @param name where it is, for messages
   * @param home the package whose classes come first where several have a name; empty for none
   * @param code statements, or an expression
   * @param given what it may use without declaring it: types by name
   */
  record Block(String name, String home, String code, Map<String, String> given) {}

  /** The errors of a block. */
  List<Diagnostic<?>> errorsOf(Block block) {
    return errorsOf(List.of(block)).getOrDefault(block.name(), List.of());
  }

  /** The errors of those blocks that do not compile, by name. */
  Map<String, List<Diagnostic<?>>> errorsOf(List<Block> blocks) {
    JavaCompiler compiler =
        Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK is needed");
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-proc:none",
            "-Xmaxerrs",
            "1000",
            "-d",
            classes.toString(),
            "-classpath",
            System.getProperty("java.class.path"));
    List<Source> sources = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      sources.add(new Source("Block" + i, source("Block" + i, blocks.get(i))));
    }
    boolean compiled = compiler.getTask(null, null, diagnostics, options, null, sources).call();
    Map<String, List<Diagnostic<?>>> errors = new LinkedHashMap<>();
    for (Diagnostic<? extends JavaFileObject> diagnostic : diagnostics.getDiagnostics()) {
      if (diagnostic.getKind() == Diagnostic.Kind.ERROR) {
        String name = "";
        for (int i = 0; i < sources.size(); i++) {
          if (sources.get(i) == diagnostic.getSource()) {
            name = blocks.get(i).name();
          }
        }
        errors.computeIfAbsent(name, all -> new ArrayList<>()).add(diagnostic);
      }
    }
    assertThat(compiled).isEqualTo(errors.isEmpty());
    return errors;
  }

  private String source(String name, Block block) {
    String code = block.code();
    StringBuilder parameters = new StringBuilder();
    new TreeMap<>(block.given())
        .forEach(
            (given, type) -> {
              if (uses(code, given) && !declares(code, given)) {
                parameters.append(parameters.isEmpty() ? "" : ", ").append(type + " " + given);
              }
            });
    StringBuilder imports = new StringBuilder();
    Pattern.compile("(?<![.\\w])[A-Z]\\w*")
        .matcher(parameters + " " + code)
        .results()
        .map(MatchResult::group)
        .distinct()
        .map(simple -> whole(simple, block.home()))
        .filter(whole -> !whole.isEmpty())
        .forEach(whole -> imports.append("import " + whole + ";\n"));
    boolean expression = !code.contains(";") && !code.contains("}");
    return "%sfinal class %s {\n  void run(%s) throws Exception {\n%s\n  }\n}\n"
        .formatted(
            imports,
            name,
            parameters,
            expression ? "java.util.Objects.requireNonNull(" + code + ");" : code);
  }

  private String whole(String simple, String home) {
    String near = home + "." + simple;
    return index.containsValue(near) || isPublic(near) ? near : index.getOrDefault(simple, "");
  }

  private static boolean isPublic(String name) {
    try {
      return Modifier.isPublic(
          Class.forName(name, false, CodeBlocks.class.getClassLoader()).getModifiers());
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static boolean uses(String code, String name) {
    return Pattern.compile("(?<![.\\w])" + name + "\\b(?! *->)").matcher(code).find();
  }

  private static boolean declares(String code, String name) {
    String type = "\\b([A-Z][\\w.<>, ]*|int|long|double|float)(\\[\\])* ";
    return Pattern.compile(type + name + "\\b *[=:]").matcher(code).find()
        || Pattern.compile("\\b" + name + "\\b *(, *\\w+ *)*\\) *->").matcher(code).find();
  }

  /** Simple names of the public classes; the library's come before the examples'. */
  private static Map<String, String> publicClasses() {
    Map<String, String> index = new TreeMap<>(OTHERS);
    try (Stream<ClassPath.ClassInfo> all =
        ClassPath.from(CodeBlocks.class.getClassLoader())
            .getTopLevelClassesRecursive("org.tastemaker")
            .stream()) {
      all.filter(info -> !info.getSimpleName().endsWith("Test"))
          .filter(info -> !info.getPackageName().equals(ON_SPARK))
          .filter(info -> Modifier.isPublic(info.load().getModifiers()))
          .sorted(
              Comparator.comparing(
                  info -> info.getPackageName().startsWith("org.tastemaker.examples")))
          .forEach(info -> index.putIfAbsent(info.getSimpleName(), info.getName()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return index;
  }

  /** A source that is in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String code;

    Source(String name, String code) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.code = code;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return code;
    }
  }
}
