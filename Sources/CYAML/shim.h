// The C border of files of YAML: libyaml.
#ifndef CULVERT_CYAML_SHIM_H
#define CULVERT_CYAML_SHIM_H

#include <yaml.h>

#endif
