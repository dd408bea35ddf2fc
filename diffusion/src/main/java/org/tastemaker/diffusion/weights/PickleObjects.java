package org.tastemaker.diffusion.weights;

import java.util.List;

/** What a {@link Pickle} makes of the names, calls and references in it. */
interface PickleObjects {
  /** What a name in a Python module stands for; throws if it is not known to be harmless. */
  Object global(String module, String name);

  /** What Python would get by calling something. */
  Object call(Object callable, List<?> arguments);

  /** Takes an object's state, as Python would set it, or leaves it alone. */
  void build(Object object, Object state);

  /** What stands outside of the pickle. */
  Object persistent(Object id);
}
