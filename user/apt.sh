# To be sourced: apt PROGRAM ARG... runs one of apt's programs for $arch, with its
# state in $base/apt. The machine's own package lists are left alone, and nobody
# needs to be root.
apt() {
	program=$1
	shift
	"$program" -qq -o "Dir::State=$base/apt" -o "Dir::State::status=$base/apt/status" -o "Dir::Cache=$base/apt" \
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User= \
		-o APT::Install-Recommends=false "$@"
}
