package org.tastemaker.examples;

import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.diffusion.inspect.FileReport;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.examples.console.Failures;

/**
 * Says what files and folders are, and whether they load, without reading weights:
 *
 * <pre>
 *   ./mvnw -q -pl examples -am compile exec:java \
 *       -Dexec.mainClass=org.tastemaker.examples.InspectFiles -Dexec.args="MODEL LORA ..."
 * </pre>
 */
public final class InspectFiles {
  private InspectFiles() {}

  /**
   * Inspects.
   *
   * @param args paths of files and folders; the exit code is 0 if all load, 1 if one does not, 2 if
   *     there are none
   */
  public static void main(String[] args) {
    Failures.exit(run(List.of(args), System.out, System.err));
  }

  static int run(List<String> args, PrintStream out, PrintStream err) {
    List<Path> paths = new ArrayList<>();
    try {
      args.forEach(arg -> paths.add(Path.of(arg)));
    } catch (InvalidPathException e) {
      err.println("no path of a file or folder: " + e.getMessage());
      return 2;
    }
    if (paths.isEmpty()) {
      err.println("usage: InspectFiles PATH..., but no path was given");
      return 2;
    }
    boolean all = true;
    for (Path path : paths) {
      FileReport report = ModelFiles.inspect(path);
      out.print(report);
      all &= report.loads();
    }
    out.flush();
    return all ? 0 : 1;
  }
}
