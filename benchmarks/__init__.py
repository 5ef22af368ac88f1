"""Speed of this package beside other libraries on random models of true size; not part of the package."""
