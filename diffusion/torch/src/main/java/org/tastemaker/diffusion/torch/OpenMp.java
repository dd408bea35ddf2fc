package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The OpenMP runtimes in a process. There should be one: each has threads of its own. */
final class OpenMp {
  private static final Pattern NAME = Pattern.compile("lib(gomp|iomp5|omp)(-\\w+)?\\.so[.\\d]*");

  private OpenMp() {}

  /** The files of the runtimes in a process's map of its memory, in Linux's format. */
  static ImmutableList<String> files(Stream<String> maps) {
    return maps.filter(line -> line.indexOf('/') >= 0)
        .map(line -> line.substring(line.indexOf('/')))
        .filter(file -> NAME.matcher(file.substring(file.lastIndexOf('/') + 1)).matches())
        .distinct()
        .collect(toImmutableList());
  }

  /** What to do about more than one. */
  static Optional<String> advice(ImmutableList<String> files) {
    return files.size() < 2
        ? Optional.empty()
        : Optional.of(
            "there are "
                + files.size()
                + " OpenMP runtimes in this process, "
                + String.join(" and ", files)
                + ", whose threads keep the processors from one another; remove the dependency that"
                + " brings one of them and delete JavaCPP's cache (~/.javacpp/cache), or start Java"
                + " with the environment variable OMP_NUM_THREADS=1");
  }
}
