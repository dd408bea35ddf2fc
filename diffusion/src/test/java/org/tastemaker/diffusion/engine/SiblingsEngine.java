package org.tastemaker.diffusion.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** Gives the functions of {@link FakeEngine}, and shows them and what each was made beside. */
public final class SiblingsEngine implements Engine {
  private final List<GraphFunction> made = new ArrayList<>();
  private final List<List<GraphFunction>> siblings = new ArrayList<>();

  @Override
  public String name() {
    return "siblings";
  }

  @Override
  public int priority() {
    return 1;
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return create(graph, List.of());
  }

  @Override
  public GraphFunction create(GraphDefinition graph, Collection<GraphFunction> beside) {
    siblings.add(List.copyOf(beside));
    made.add(new FakeEngine().create(graph));
    return made.get(made.size() - 1);
  }

  /** The functions, in the order in which they were made. */
  public List<GraphFunction> made() {
    return made;
  }

  /** For each of them, those that it was made beside. */
  public List<List<GraphFunction>> siblings() {
    return siblings;
  }
}
